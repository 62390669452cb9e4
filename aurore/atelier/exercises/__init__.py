"""Les exercices : ce que les solutions marquent, et ce que `hints.toml` en dit.

Une solution marque ce que la personne doit écrire, et dit pourquoi :

    # >>> 1.5 Ôter les blancs qui terminent chaque ligne, mais non
    # >>> ceux qui la commencent.
    return [line.rstrip() for line in lines]
    # <<< 1.5

Quand la dernière marque termine une ligne de code, seule la droite de cette ligne est à écrire. Quand elles n'entourent
que des commentaires, ce sont la question et sa réponse : quelque chose à essayer, ou de quoi réfléchir.
"""

import functools
import re
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path

from atelier.settings import FOLDER, STEPS

WIDTH = 100  # colonnes d'une leçon, qui se projette
HINTS = Path(__file__).with_name("hints.toml")
NUMBER = r"(?P<number>L?\d\.[\da-z])"
OPENED = re.compile(rf"(?P<indent> *)# >>> {NUMBER} (?P<goal>\S.*)")
CONTINUED = re.compile(r" *# >>> (?P<goal>[^\d\s].*)")
CLOSED = re.compile(rf"(?P<code>.*?) *# <<< {NUMBER}")
LOOKS_MARKED = re.compile(r"#\s*[<>‹›«»]|>>>|<<<")
# Ce que l'on complète : « 1 » à « 4 » sont les étapes ; « L1 »…, les leçons qui ont un exercice. Le chemin part d'aurore/.
SCRIPTS = {str(number): name for number, name in enumerate(STEPS, 1)} | {
    f"L{path.name[0]}": f"lessons/{path.name.removesuffix('_solution.py')}"
    for path in sorted(FOLDER.glob("lessons/*_solution.py"))
}
WEB = "5"  # la dernière étape n'a rien à compléter : on la lit
RIGHT_HAND_SIDE = re.compile(r"(?P<left> *(?:\w+ = |return |)).*")


class BadMarker(Exception):
    """Une marque mal écrite dans une solution : l'affaire de qui écrit l'atelier, non de qui le suit."""


@dataclass(frozen=True)
class Gap:
    """Un passage marqué d'une solution : les lignes `first` à `last` (à partir de 0, marques comprises)."""

    number: str
    goal: str
    indent: str
    first: int
    last: int
    code: tuple[str, ...]  # les lignes de la solution, entre les marques
    function: str  # la fonction où il se trouve
    inline: bool  # seule la droite d'une ligne est à écrire

    @property
    def is_question(self) -> bool:
        return all(line.lstrip().startswith("#") for line in self.code)


@dataclass(frozen=True)
class Exercise:
    """Un exercice : ce que la solution en dit, et ce qu'il y a à en dire à qui le cherche."""

    number: str
    goal: str
    function: str = ""  # celle que la personne complète ; aucune si c'est une question
    solution: str = ""
    use: str = ""
    hints: tuple[str, ...] = ()
    learnt: str = ""
    bonus: bool = False

    @property
    def step(self) -> str:
        """L'étape (« 1 ») ou la leçon (« L1 ») dont il est."""
        return step_of(self.number)

    @property
    def of_lesson(self) -> bool:
        """Est-il d'une leçon ? Elles ne comptent pas dans l'atelier."""
        return self.number.startswith("L")

    @property
    def judged(self) -> bool:
        return bool(self.function)


def gaps(source: str, name: str) -> list[Gap]:
    """Les passages marqués d'une solution, dans l'ordre. Lève `BadMarker` si une marque est douteuse."""
    found, opened, function = [], None, ""
    lines = source.split("\n")
    for index, line in enumerate(lines):
        place = f"{name}:{index + 1}"
        if match := re.match(r"def (\w+)", line):
            function = match[1]
        if match := OPENED.fullmatch(line):
            if opened:
                raise BadMarker(f"{place} : une marque s'ouvre dans une autre ({opened['number']}).")
            opened, goal, first, start = match, match["goal"], index, index + 1
        elif opened and index == start and (match := CONTINUED.fullmatch(line)):
            goal, start = f"{goal} {match['goal']}", index + 1
        elif match := CLOSED.fullmatch(line):
            if not opened or opened["number"] != match["number"]:
                raise BadMarker(f"{place} : cette marque ne ferme rien ({match['number']}).")
            inline = bool(match["code"].strip())
            code = tuple(lines[start:index]) + ((match["code"],) if inline else ())
            if not code or inline and len(code) > 1:
                raise BadMarker(f"{place} : il faut une ligne entre ces marques, ou plusieurs et une marque à part.")
            found.append(Gap(opened["number"], goal, opened["indent"], first, index, code, function, inline))
            opened = None
        elif LOOKS_MARKED.search(line):
            raise BadMarker(f"{place} : « {line.strip()} » ressemble à une marque et n'en est pas une.")
    if opened:
        raise BadMarker(f"{name} : la marque {opened['number']} n'est pas fermée.")
    if len({gap.number for gap in found}) < len(found):
        raise BadMarker(f"{name} : deux passages ont le même numéro.")
    return found


def step_of(number: str) -> str:
    return number.rpartition(".")[0]


def name_of(step: str) -> str:
    """« étape 1 », « leçon 1 »."""
    return f"leçon {step[1:]}" if step.startswith("L") else f"étape {step}"


def marked(step: str) -> list[Gap]:
    """Les passages que marque la solution d'une étape, ou d'une leçon."""
    path = solution_of(step)
    return gaps(path.read_text(encoding="utf-8"), path.name)


def solution_of(step: str) -> Path:
    return FOLDER / f"{SCRIPTS[step]}_solution.py"


def stub_of(step: str) -> Path:
    """Le fichier que la personne complète ; à la dernière étape, qui n'a pas d'exercice à compléter, celui qu'elle lit."""
    return FOLDER / ("5_flask.py" if step == WEB else f"{SCRIPTS[step]}.py")


def script(path: Path) -> str:
    """Un fichier comme on le nomme après « aurore/ », pour le lancer ou l'ouvrir : « lessons/1_neuron.py »."""
    path = path.resolve()
    return path.relative_to(FOLDER).as_posix() if path.is_relative_to(FOLDER) else path.name


def place(path: Path, line: int) -> str:
    """« aurore/1_prepare_dataset.py:42 » : la forme que les éditeurs savent ouvrir."""
    return f"{FOLDER.name}/{script(path)}:{line}"


def completed_in(path: Path) -> str:
    """L'étape, ou la leçon, dont ce fichier est le stub ; rien si ce n'en est pas un."""
    return next((step for step, name in SCRIPTS.items() if Path(name).name == path.stem), "")


@functools.cache
def all_exercises() -> tuple[Exercise, ...]:
    """Tous les exercices, dans l'ordre de l'atelier. Lève `BadMarker` si solutions et `hints.toml` ne s'accordent pas."""
    notes = tomllib.loads(HINTS.read_text(encoding="utf-8"))
    found = []
    for step in SCRIPTS:
        for gap in marked(step):
            if step_of(gap.number) != step:
                raise BadMarker(f"{solution_of(step).name} : l'exercice {gap.number} ne devrait pas y être.")
            if not gap.is_question and not notes.get(gap.number, {}).get("hints"):
                raise BadMarker(f"{HINTS.name} n'a pas d'indice pour l'exercice {gap.number}.")
            function = "" if gap.is_question else gap.function
            found.append(
                _exercise(
                    gap.number, notes.pop(gap.number, {}), goal=gap.goal, function=function, solution=_dedented(gap)
                )
            )
    for number in list(notes):  # la page web n'a pas de stub : ses questions ne sont que dans hints.toml
        if "goal" not in notes[number]:
            raise BadMarker(f"{HINTS.name} : aucune solution ne marque l'exercice {number}.")
        found.append(_exercise(number, notes.pop(number)))
    return tuple(sorted(found, key=lambda exercise: exercise.number))


def _exercise(number: str, notes: dict, **marked) -> Exercise:
    return Exercise(number, **{**notes, "hints": tuple(notes.get("hints", ()))}, **marked)


def _dedented(gap: Gap) -> str:
    return "\n".join(line.removeprefix(gap.indent) for line in gap.code)


def find(number: str) -> Exercise | None:
    return next((exercise for exercise in all_exercises() if exercise.number == number), None)


def stub(step: str) -> str:
    """Le stub d'une étape, ou d'une leçon : sa solution, où chaque passage marqué devient un TODO, ou la question sans sa réponse."""
    lines = solution_of(step).read_text(encoding="utf-8").split("\n")
    for gap in reversed(marked(step)):
        lines[gap.first : gap.last + 1] = todo_lines(gap)
    return "\n".join(lines)


def todo_lines(gap: Gap) -> list[str]:
    """Ce qui, dans le stub, tient lieu d'un passage marqué."""
    if gap.is_question:
        return _comment(gap.indent, f"{gap.number} {gap.goal}")
    left = RIGHT_HAND_SIDE.fullmatch(gap.code[0])["left"] if gap.inline else gap.indent
    return [
        *_comment(gap.indent, f"TODO {gap.number} : {gap.goal}"),
        *_comment(gap.indent, f"À utiliser : {find(gap.number).use}"),
        f'{left}console.todo("{gap.number}")',
    ]


def _comment(indent: str, text: str) -> list[str]:
    """Un commentaire, sur autant de lignes qu'il faut."""
    return [f"{indent}# {line}" for line in wrapped(text, WIDTH - len(indent) - len("# "))]


def wrapped(text: str, width: int) -> list[str]:
    """Le texte coupé entre deux mots, en lignes de cette largeur ; aucune ne commence par « : », « ? » ou « » »."""
    unbroken = re.sub(r" (?=[:;?!»])|(?<=«) ", "\u00a0", text)
    lines = textwrap.wrap(unbroken, width, break_on_hyphens=False)
    return [line.replace("\u00a0", " ") for line in lines]
