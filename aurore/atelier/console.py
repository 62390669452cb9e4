"""Parler à la personne devant l'écran : des phrases, des nombres, les lignes qu'elle peut taper, des options en français."""

import argparse
import errno
import io
import math
import os
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from atelier.errors import AuroreError, Todo
from atelier.settings import BASE_MODEL, FOLDER, HOME, IN_CONTAINER, STEPS


def todo(number: str):
    """Ce qui tient, dans un stub, la place du code à écrire : arrête le script et dit de quel exercice il s'agit."""
    caller = sys._getframe(1)
    raise Todo(number, Path(caller.f_code.co_filename), caller.f_lineno)


# Ce qui manque au dossier de travail, ou au disque où l'on écrivait.
FULL_DISK = {
    errno.ENOSPC: "Il n'y a plus de place sur le disque de {place}. Libérez-en, puis relancez la même commande.",
    errno.EDQUOT: "Le quota de disque est atteint dans {place}. Libérez de la place, puis relancez la même commande.",
}
FORBIDDEN = (
    "Pas le droit d'écrire dans {place}. Ce dossier doit être à vous (sous Linux et macOS : `sudo chown -R $USER {place}`) ; "
    "sinon, choisissez-en un autre avec AURORE_HOME."
)
NO_FOLDER = (
    "{place} est un fichier, ou passe par un fichier : ce devrait être un dossier. Ôtez-le, ou choisissez-en un autre avec "
    "AURORE_HOME."
)
CLOSED_HOME = {
    errno.EEXIST: NO_FOLDER,
    errno.ENOTDIR: NO_FOLDER,
    errno.EROFS: "{place} est en lecture seule : montez le volume sans « :ro », ou choisissez un autre dossier avec "
    "AURORE_HOME.",
    errno.EACCES: FORBIDDEN,
    errno.EPERM: FORBIDDEN,
}


def tell(message: str) -> None:
    """Écrit sur la sortie d'erreur, là où vont les nouvelles quand la sortie standard est réservée aux textes."""
    print(message, file=sys.stderr, flush=True)


def command(script: str, *options: str) -> str:
    """La ligne qui lance un script, telle qu'on la tape ici : avec le Python du dossier .venv, ou celui qui tourne.

    Dans le conteneur, la ligne `docker run …` entière : c'est elle que la personne tape, dans son terminal à elle. « $PWD » y va
    pour bash, zsh, fish et PowerShell ; cmd est le seul qui le nomme autrement, et le README dit comment.
    """
    python, project = Path(sys.executable), FOLDER.parent
    if IN_CONTAINER:
        port = "-p 80:80 " if script.startswith("5_flask") else ""
        model = f"-e AURORE_MODEL={os.environ['AURORE_MODEL']} " if os.environ.get("AURORE_MODEL") else ""
        runs = f'docker run --rm -it {port}{model}-v "$PWD/aurore:/aurore" text-gen python'
    else:
        runs = str(python.relative_to(project)) if python.is_relative_to(project) else "python"
    return " ".join([runs, f"aurore/{script}", *options])


def step(number: int) -> str:
    """La ligne qui lance une étape : son stub si c'est un stub qui tourne, sinon sa solution."""
    completes_stubs = Path(sys.argv[0]).stem in STEPS
    return command(STEPS[number - 1] + (".py" if completes_stubs else "_solution.py"))


def next_step(sentence: str) -> str:
    """Ce qu'il faut taper ensuite ; rien dans la démonstration, qui y va d'elle-même."""
    return "" if "AURORE_DEMO" in os.environ else sentence


def shown(path: Path) -> str:
    """Un fichier, là où la personne le trouve : ce qui est dans /aurore pour un conteneur est chez elle dans aurore/."""
    return path.relative_to(FOLDER.parent).as_posix() if IN_CONTAINER and path.is_relative_to(FOLDER) else str(path)


def variable(name: str, value: str) -> str:
    """Comment donner une valeur à une variable d'environnement, là où l'on est."""
    if IN_CONTAINER:
        return f"-e {name}={value} après « docker run »"
    if os.name == "nt":
        return f'$env:{name}="{value}" avant la commande (PowerShell)'
    return f"{name}={value} devant la commande"


def number(value: float, digits: int = 0) -> str:
    """« 1 068 739 », « 42,4 » : un nombre comme le français l'écrit. L'espace, insécable, est celle que toute console connaît."""
    return f"{value:,.{digits}f}".translate({ord(","): "\u00a0", ord("."): ","})


def exact(value: float) -> str:
    """Un nombre avec les décimales qu'il a, et pas plus : « 4 294 967 295 », « 0,00002 »."""
    return number(value) if value == int(value) else f"{Decimal(str(value)):f}".replace(".", ",")


def duration(seconds: float) -> str:
    """« 45 s », « 9 min 40 s », « 2 h 05 min »."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {seconds:02} s" if minutes else f"{seconds} s"


def is_screen(stream) -> bool:
    """Un terminal, où l'on peut revenir sur ce qui est écrit ? IDLE dit qu'il en est un, et ne le peut pas."""
    return isinstance(stream, io.TextIOWrapper) and stream.isatty()


def drawn(sign: str, plain: str) -> str:
    """`sign`, ou `plain` pour une console qui ne connaît pas ce caractère."""
    try:
        sign.encode(getattr(sys.stdout, "encoding", None) or "ascii")
        return sign
    except UnicodeEncodeError:
        return plain


def progress() -> int:
    """Le `verbose` de Keras : une barre qui avance à l'écran, une ligne par époque dans un fichier."""
    return 1 if is_screen(sys.stdout) else 2


def from_the_machine(error: Exception) -> str:
    """Ce qui manque à la machine (place, droits, mémoire), et que faire ; rien si l'erreur vient d'ailleurs."""
    for cause in (error, error.__cause__, error.__context__):
        if isinstance(cause, OSError):
            elsewhere = isinstance(cause.filename, str) and not Path(cause.filename).resolve().is_relative_to(HOME)
            sentences = FULL_DISK if elsewhere else FULL_DISK | CLOSED_HOME
            if cause.errno in sentences:
                return sentences[cause.errno].format(place=cause.filename if elsewhere else shown(HOME))
    if "No space left on device" in str(error):  # TensorFlow et safetensors n'en font pas une OSError
        return FULL_DISK[errno.ENOSPC].format(place=shown(HOME))
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        smaller = (
            "" if BASE_MODEL == "mini" else f", ou prenez un modèle plus petit ({variable('AURORE_MODEL', 'mini')})"
        )
        return f"La mémoire manque. Fermez d'autres programmes{smaller} ; à l'étape 3, des lots plus petits suffisent parfois (--batch-size 4)."
    return ""


def explain(error: Exception) -> str:
    """La phrase qui dit à la personne ce qu'une erreur signifie pour elle."""
    if isinstance(error, AuroreError):
        return str(error)
    return from_the_machine(error) or (
        f"Erreur imprévue ({type(error).__name__} : {error}).\n"
        f"Pour voir d'où elle vient, relancez la même commande, avec {variable('AURORE_DEBUG', '1')}."
    )


# argparse demande ses phrases à gettext : les voici en français.
FRENCH = {
    "usage: ": "utilisation : ",
    "positional arguments": "arguments",
    "show this help message and exit": "affiche cette aide et s'arrête",
    "%(prog)s: error: %(message)s\n": "%(prog)s : %(message)s (--help montre les options).\n",
    "argument %(argument_name)s: %(message)s": "%(argument_name)s : %(message)s",
    "unrecognized arguments: %s": "option inconnue : %s",
    "expected one argument": "il manque une valeur",
    "expected at least one argument": "il manque une valeur",
    "not allowed with argument %s": "ne va pas avec %s",
    "the following arguments are required: %s": "il manque : %s",
    "invalid choice: %(value)r (choose from %(choices)s)": "%(value)r n'est pas un choix possible (%(choices)s)",
    "ignored explicit argument %r": "n'attend pas de valeur (%r)",
}


def argument_parser(description: str) -> argparse.ArgumentParser:
    """Un `argparse.ArgumentParser` qui parle français."""
    argparse._ = lambda message: FRENCH.get(message, message)
    return argparse.ArgumentParser(description=description, allow_abbrev=False)


def number_option(
    kind: type, minimum: float = -math.inf, maximum: float = math.inf, above: float = -math.inf
) -> Callable:
    """Un type d'option : un nombre de l'espèce `kind`, dans [minimum, maximum] et strictement au-dessus de `above`."""
    bounds = [f"supérieur à {exact(above)}"] if above > -math.inf else []
    bounds += [f"d'au moins {exact(minimum)}"] if minimum > -math.inf else []
    bounds += [f"d'au plus {exact(maximum)}"] if maximum < math.inf else []
    kind_of_number = "un nombre entier" if kind is int else "un nombre"
    expected = f"{kind_of_number} {' et '.join(bounds)}".rstrip()

    def parse(text: str):
        try:
            value = kind(text.replace(",", "."))
            fits = math.isfinite(value) and minimum <= value <= maximum and value > above
        except (ValueError, OverflowError):  # OverflowError : un entier de plus de trois cents chiffres
            fits = False
        if not fits:
            raise argparse.ArgumentTypeError(f"« {text} » ne convient pas, il faut {expected}")
        return value

    return parse
