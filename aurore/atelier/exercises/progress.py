"""Où en est la personne : ce qui se retient d'une vérification à l'autre, et où chercher un exercice dans son fichier."""

import json
import re
from contextlib import suppress

from atelier.atomic import atomic_write
from atelier.exercises import Exercise, place, stub_of
from atelier.settings import CACHE, MODELS

REMEMBERED = CACHE / "exercises.json"


def _read() -> dict:
    try:
        return {"current": "", "hints": {}} | json.loads(REMEMBERED.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):  # pas encore de fichier, ou abîmé : on repart de rien
        return {"current": "", "hints": {}}


def _write(remembered: dict) -> None:
    with suppress(OSError), atomic_write(REMEMBERED) as partial:
        partial.write_text(json.dumps(remembered), encoding="utf-8")


def current() -> str:
    """Le numéro de l'exercice où la personne en était, ou rien."""
    return _read()["current"]


def set_current(number: str) -> None:
    if number != current():
        _write(_read() | {"current": number})


def hints(exercise: Exercise) -> tuple[str, ...]:
    """Les indices déjà donnés : un au moins."""
    return exercise.hints[: max(1, _read()["hints"].get(exercise.number, 1))]


def give_hint(exercise: Exercise) -> bool:
    """Donne un indice de plus ; False s'il n'en reste pas."""
    remembered, given = _read(), len(hints(exercise))
    if given == len(exercise.hints):
        return False
    _write(remembered | {"hints": remembered["hints"] | {exercise.number: given + 1}})
    return True


def where(exercise: Exercise) -> str:
    """Où est l'exercice dans le fichier de la personne : « aurore/1_prepare_dataset.py:42 »."""
    path = stub_of(exercise.step)
    lines = path.read_bytes().decode("utf-8", errors="replace").splitlines() if path.exists() else []
    for sought in (rf'todo\("{exercise.number}"\)', rf"# TODO {exercise.number} ", rf"def {exercise.function}\b"):
        for number, line in enumerate(lines, 1):
            if re.search(sought, line):
                return place(path, number)
    return place(path, 1)


TRIALS = {
    "3.2": ("base_model", "modèles de base"),
    "3.5": ("batch_size", "tailles de lot"),
    "3.6": ("learning_rate", "taux d'apprentissage"),
}


def tried(number: str) -> str:
    """Ce que les entraînements enregistrés disent d'une chose à essayer : « 2 tailles de lot : 8, 16 » ; rien si elle ne l'a pas été."""
    if number not in TRIALS:
        return ""
    key, name = TRIALS[number]
    seen = set()
    for path in MODELS.glob("*/history.json"):
        try:
            history = json.loads(path.read_text(encoding="utf-8-sig"))
            seen.add(str((history | history["settings"])[key]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return f"{len(seen)} {name} : {', '.join(sorted(seen))}" if len(seen) > 1 else ""
