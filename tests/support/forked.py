"""Lancer un script de l'atelier dans un processus où les paquets sont déjà importés : cinq secondes de moins chaque fois.

C'est le `forkserver` de Python : un serveur importe les paquets une fois pour toutes, et chaque script part d'une copie
de lui. Rien d'`atelier` n'est importé d'avance : il doit lire l'environnement du script. Ceux de Hugging Face ont lu le leur :
sans réseau, et dans un cache vide ; un script qui veut le hub a besoin d'un Python neuf.
"""

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

PRELOADED = [
    "forked",
    "tensorflow",
    "tf_keras",
    "pandas",
    "pyarrow",
    "nltk",
    "flask",
    "pytest",
    "datasets",
    "transformers.pipelines",
    "transformers.models.gpt2.modeling_tf_gpt2",
]
HANGING = 3600  # secondes au bout desquelles un script ne finira plus ; le plus long en prend soixante


def _become(descriptors: tuple[int, int, int], variables: dict[str, str], folder: Path, arguments: list[str]) -> None:
    """Fait de ce processus celui d'un script : ses entrée et sorties, son environnement, son dossier, ses arguments."""
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    for descriptor, given in enumerate(descriptors):
        os.dup2(given, descriptor)
    sys.stdin, sys.stdout, sys.stderr = (
        open(descriptor, mode, encoding="utf-8", closefd=False) for descriptor, mode in enumerate("rww")
    )
    sys.argv = arguments
    for name in [name for name in sys.modules if name.split(".")[0] == "atelier"]:
        del sys.modules[name]


def _run(
    script: Path,
    options: tuple[str, ...],
    variables: dict[str, str],
    folder: Path,
    output: Path,
    errors: Path,
    prepare: Callable[[], None] | None,
) -> None:
    descriptors = tuple(os.open(path, os.O_RDWR | os.O_CREAT) for path in (os.devnull, output, errors))
    _become(descriptors, variables, folder, [str(script), *options])
    sys.path.insert(0, str(script.parent))
    if prepare:
        prepare()
    runpy.run_path(str(script), run_name="__main__")


def run_forked(
    script: Path,
    *options: str,
    variables: dict[str, str],
    folder: Path,
    prepare: Callable[[], None] | None = None,
    method: str = "forkserver",
) -> subprocess.CompletedProcess:
    """Le script, lancé depuis `folder` avec ces variables d'environnement et aucune autre, une fois `prepare` appelée.

    `method` : copie du serveur (« forkserver »), ou, s'il en est déjà une, de ce processus-ci (« fork »).
    """
    context = multiprocessing.get_context(method)
    context.set_forkserver_preload(PRELOADED)
    with tempfile.TemporaryDirectory() as temporary:
        output, errors = Path(temporary, "stdout"), Path(temporary, "stderr")
        process = context.Process(target=_run, args=(script, options, variables, folder, output, errors, prepare))
        with mock.patch.dict(os.environ, HF_HUB_OFFLINE="1", HF_HOME=os.devnull):  # le serveur les lit, s'il commence
            process.start()
        process.join(HANGING)
        if process.exitcode is None:
            process.kill()
            process.join()
        written = [path.read_text("utf-8") if path.exists() else "" for path in (output, errors)]
        return subprocess.CompletedProcess([script, *options], process.exitcode, *written)


class JudgeTwin:
    """Le juge d'un exercice, copie de ce processus-ci, lui-même copie du serveur. À `Judge`, il tient lieu d'un `Popen`."""

    def __init__(self, arguments: list[str], *, env: dict[str, str], cwd: str, stderr, **_):
        ends = os.pipe(), os.pipe()
        self.returncode = None
        self.pid = os.fork()
        if self.pid == 0:
            self._judge((ends[0][0], ends[1][1], stderr.fileno()), env, cwd, arguments)
        for theirs in (ends[0][0], ends[1][1]):
            os.close(theirs)
        self.stdin = open(ends[0][1], "w", encoding="utf-8")
        self.stdout = open(ends[1][0], encoding="utf-8")

    def _judge(self, descriptors, variables, folder, arguments) -> None:
        code = 1
        os.setsid()
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)  # `launch` y avait mis les siens
            signal.signal(signal.SIGINT, signal.default_int_handler)
            sys.excepthook, sys.unraisablehook = sys.__excepthook__, sys.__unraisablehook__
            _become(descriptors, variables, folder, ["judge", *arguments])
            os.closerange(3, 1000)  # sinon un juge tiendrait ouverte l'entrée d'un autre
            runpy.run_module("atelier.exercises.judge", run_name="__main__")
            code = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stderr.flush()
            os._exit(code)

    def kill(self) -> None:
        if self.returncode is None:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode


def fork_judges() -> None:
    """Les juges de ce script en seront des copies (`prepare` de `run_forked`)."""
    from atelier.exercises import process  # celui que le script importera

    process.Judge.launch = JudgeTwin


def die_after_a_save() -> None:
    """L'entraînement mourra, comme d'une panne de courant, après sa première sauvegarde en chemin (`prepare` de `run_forked`)."""
    from atelier.training.backup import Backup

    save = Backup.save

    def save_and_die(self) -> None:
        save(self)
        if self.step():
            os.kill(os.getpid(), signal.SIGKILL)

    Backup.save = save_and_die


def read_once() -> None:
    """La démonstration ne lira les récits qu'une fois, et ses scripts seront des copies d'elle (`prepare` de `run_forked`)."""

    def launch(command, *, env, stdout=None, **_) -> subprocess.CompletedProcess:
        _, script, *options = command
        if "--epochs" in options:
            options[options.index("--epochs") + 1] = "1"
        done = run_forked(script, *options, variables=env, folder=Path.cwd(), method="fork")
        if stdout is None:
            print(done.stdout, end="", flush=True)
        print(done.stderr, end="", file=sys.stderr, flush=True)
        return done

    subprocess.run = launch
