"""Ce que l'on attend des exercices de l'étape 2, et les erreurs qu'on y fait d'habitude."""

from atelier.exercises.step_2.batches import exercise_5
from atelier.exercises.step_2.tokenizers import exercise_1, exercise_6, exercise_7
from atelier.exercises.step_2.tokens import exercise_2, exercise_3, exercise_4

__all__ = [f"exercise_{number}" for number in range(1, 8)]
