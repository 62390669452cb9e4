"""Est-ce que mon exercice est juste ?

Juge ce que font vos fonctions, hors ligne et sans modèle entraîné. Rien n'y est exécuté que les exercices demandés, dans
un autre processus : une boucle sans fin ou une faute de frappe n'y peut rien casser.
"""

import argparse
import shutil
from collections.abc import Iterator
from itertools import groupby

from atelier import console, exercises, launch, settings
from atelier.atomic import atomic_write
from atelier.errors import AuroreError
from atelier.exercises import environment, process, progress, report, source, watch
from atelier.exercises.judge import NOT_STARTED, RIGHT, Verdict


def number(text: str) -> str:
    """Le numéro d'une étape (« 1 »), d'une leçon (« L1 ») ou d'un exercice (« 1.4 »)."""
    if not any(text in (exercise.number, exercise.step) for exercise in exercises.all_exercises()):
        raise argparse.ArgumentTypeError(
            f"« {text} » n'est ni une étape (1 à 5), ni une leçon qui a des exercices (comme L1), ni un exercice (comme 1.4)"
        )
    return text


def parse_options():
    parser = console.argument_parser("Dit si vos exercices sont justes : tous, ceux d'une étape, ou un seul.")
    parser.add_argument(
        "number", nargs="?", type=number, metavar="N", help="une étape (1), une leçon (L1) ou un exercice (1.4)"
    )
    actions = parser.add_mutually_exclusive_group()
    actions.add_argument(
        "--watch", action="store_true", help="reste là, et vérifie l'exercice en cours chaque fois que vous enregistrez"
    )
    actions.add_argument("--hint", action="store_true", help="donne un indice de plus pour l'exercice")
    actions.add_argument(
        "--solution", action="store_true", help="montre la solution de l'exercice, une fois qu'on l'a essayé"
    )
    actions.add_argument(
        "--catch-up", action="store_true", help="met en place ce dont l'étape N a besoin, sans toucher à vos fichiers"
    )
    actions.add_argument(
        "--reset", action="store_true", help="remet le fichier de l'étape N comme au début, et garde le vôtre à côté"
    )
    actions.add_argument("--environment", action="store_true", help="dit si cet ordinateur est prêt pour l'atelier")
    options = parser.parse_args()
    options.number = options.number or ""
    return options


def chosen(selection: str) -> list[exercises.Exercise]:
    return [one for one in exercises.all_exercises() if not selection or selection in (one.number, one.step)]


def judged(selection: str) -> Iterator[dict[str, Verdict]]:
    """Le verdict de chaque exercice choisi, étape par étape ; pour ce qui est à essayer, ce qu'en disent les entraînements."""
    wanted = chosen(selection)
    by_judge = process.judge_all([exercise.number for exercise in wanted if exercise.judged])
    for _, of_step in groupby(wanted, key=lambda exercise: exercise.step):
        of_step = list(of_step)
        verdicts = next(by_judge) if any(exercise.judged for exercise in of_step) else {}
        for exercise in of_step:
            if not exercise.judged:
                verdicts[exercise.number] = Verdict(RIGHT if progress.tried(exercise.number) else NOT_STARTED)
        yield verdicts


def check(selection: str) -> bool:
    """Montre où l'on en est ; renvoie True si tout ce qui est demandé, hors bonus et questions, est juste."""
    print("Je vérifie…", flush=True)
    wanted, verdicts = chosen(selection), {}
    for of_step in judged(selection):
        verdicts |= of_step
        if len(wanted) > 1:
            print(report.listing(of_step), flush=True)
    if len(wanted) == 1:
        exercise, verdict = wanted[0], verdicts[wanted[0].number]
        progress.set_current(exercise.number)
        print(f"\n{report.detail(exercise, verdict)}")
        return not exercise.judged or verdict.mark == RIGHT
    print(f"\n{report.share(verdicts)}".rstrip())
    unread = [step for step in exercises.SCRIPTS if step in verdicts]
    for step in unread:
        print("\n" + report.paragraph(f"{exercises.stub_of(step).name} : {verdicts[step].mistake}"))
    required = [exercise for exercise in wanted if exercise.judged and not exercise.bonus]
    if not selection:
        required = [exercise for exercise in required if not exercise.of_lesson]
    left = [exercise for exercise in required if verdicts[exercise.number].mark != RIGHT]
    if left and left[0].step not in unread:
        print(f"\nEnsuite :\n{report.detail(left[0], verdicts[left[0].number])}")
    elif required and not left:
        print("Tout y est. Bravo !")
        if selection:
            print(f"Lancez-la : {console.command(exercises.script(exercises.stub_of(selection)))}")
    return not left


def next_exercise(selection: str) -> exercises.Exercise:
    """L'exercice dont on parle : celui qu'on nomme, sinon celui où l'on en était, sinon le premier qui n'est pas juste."""
    named = [one for one in chosen(selection) if one.number in (selection, progress.current())]
    if named:
        return named[0]
    for step in sorted({one.step for one in chosen(selection) if one.judged}):
        (verdicts,) = judged(step)
        for exercise in chosen(step):
            if exercise.judged and verdicts[exercise.number].mark != RIGHT:
                return exercise
    raise AuroreError(
        "Tous les exercices sont justes : il n'y a plus d'indice à donner. Lancez l'étape, ou passez à la suivante."
    )


def hint(selection: str) -> None:
    exercise = next_exercise(selection)
    if not exercise.judged:
        raise AuroreError(
            f"{exercise.number} n'a pas d'indice ; sa réponse : {console.command('check.py', exercise.number, '--solution')}"
        )
    progress.set_current(exercise.number)
    progress.give_hint(exercise)
    print(report.paragraph(f"{exercise.number}  {exercise.goal}", following=" " * 5))
    print(f"  {progress.where(exercise)}")
    print("\n".join([*report.hints(exercise), report.how_to_go_on(exercise)]))


def solution(selection: str) -> None:
    exercise = next_exercise(selection)
    if exercise.judged and source.is_untouched(exercise, exercises.stub_of(exercise.step)):
        raise AuroreError(
            f"Essayez d'abord {exercise.number}, même à moitié : {progress.where(exercise)}\n"
            f"Pour un indice : {console.command('check.py', exercise.number, '--hint')}"
        )
    print(f"{report.paragraph(f'{exercise.number}  {exercise.goal}', following=' ' * 5)}\n{report.solution(exercise)}")


def step_of(selection: str, action: str) -> str:
    if not selection or "." in selection:
        raise AuroreError(
            f"Dites de quelle étape il s'agit, par un seul chiffre ; par exemple : {console.command('check.py', '3', action)}"
        )
    return selection


def reset(step: str) -> None:
    """Remet le stub de l'étape, ou de la leçon, comme au début, et garde à côté le fichier de la personne."""
    if step not in exercises.SCRIPTS:
        raise AuroreError(
            f"L'étape {step} n'a pas de fichier à compléter. Choisissez une étape de 1 à {len(settings.STEPS)}."
        )
    path, stub = exercises.stub_of(step), exercises.stub(step).encode()
    if path.exists() and path.read_bytes() == stub:
        print(f"{path.name} est déjà comme au début.")
        return
    if path.exists():
        backup, rank = path.with_suffix(".backup.py"), 2
        while backup.exists():
            backup, rank = path.with_suffix(f".backup-{rank}.py"), rank + 1
        shutil.copyfile(path, backup)  # le contenu seul : une clé USB refuse souvent les dates et les droits
        print(f"Votre fichier est gardé : {backup.name}")
    with atomic_write(path) as partial:
        partial.write_bytes(stub)
    progress.set_current(f"{step}.1")
    print(f"{path.name} est comme au début.")


def main() -> None:
    options = parse_options()
    if options.watch:
        watch.follow_all(chosen(options.number))
    elif options.hint:
        hint(options.number)
    elif options.solution:
        solution(options.number)
    elif options.catch_up:
        step = step_of(options.number, "--catch-up")
        # Importé ici seulement : `datasets` y met deux secondes.
        from atelier.exercises import catch_up

        catch_up.catch_up(step)
    elif options.reset:
        reset(step_of(options.number, "--reset"))
    elif options.environment:
        environment.check()
    elif not check(options.number):
        raise SystemExit(1)


if __name__ == "__main__":
    launch.run(main)
