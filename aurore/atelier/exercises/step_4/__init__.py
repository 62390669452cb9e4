"""Ce que l'on attend des exercices de l'étape 4, et les erreurs qu'on y fait d'habitude."""

from atelier.exercises.step_4.loading import exercise_1
from atelier.exercises.step_4.printing import exercise_4
from atelier.exercises.step_4.prompts import exercise_2
from atelier.exercises.step_4.writing import exercise_3

__all__ = [f"exercise_{number}" for number in range(1, 5)]
