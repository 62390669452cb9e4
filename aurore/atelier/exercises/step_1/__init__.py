"""Ce que l'on attend des exercices de l'étape 1, et les erreurs qu'on y fait d'habitude."""

from atelier.exercises.step_1.counting import exercise_8
from atelier.exercises.step_1.cuts import exercise_3, exercise_4
from atelier.exercises.step_1.files import exercise_1, exercise_2
from atelier.exercises.step_1.lines import exercise_5, exercise_6
from atelier.exercises.step_1.sentences import exercise_7, exercise_9

__all__ = [f"exercise_{number}" for number in range(1, 10)]
