"""Écrire les stubs d'après les solutions, quand celles-ci changent : `cd aurore && python -m atelier.exercises.stubs`."""

from atelier import exercises

if __name__ == "__main__":
    for step in exercises.SCRIPTS:
        exercises.stub_of(step).write_bytes(exercises.stub(step).encode())
