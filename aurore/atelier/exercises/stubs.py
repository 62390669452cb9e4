"""Écrire les stubs d'après les solutions, quand celles-ci changent : `cd aurore && python -m atelier.exercises.stubs`."""

from atelier import exercises
from atelier.settings import STEPS

if __name__ == "__main__":
    for step in range(1, len(STEPS) + 1):
        exercises.stub_of(step).write_bytes(exercises.stub(step).encode())
