"""Ce que le système d'une personne met autour d'une valeur, d'un chemin, d'un fichier : des guillemets, une marque d'ordre…"""

import codecs
import errno
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from scripts import AURORE

from atelier import console, settings
from atelier.errors import AuroreError
from atelier.exercises.step_1 import downloads
from atelier.models import choice
from atelier.text import mirrors
from atelier.web import requests, server
from atelier.writing import comparison, generation


def in_a_new_python(program: str, *options: str, **variables: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AURORE_", "HF_"))}
    done = subprocess.run(
        [sys.executable, *options, "-c", f"import sys; sys.path.append({str(AURORE)!r}); {program}"],
        env=kept | {"PYTHONUTF8": "1"} | variables,
        capture_output=True,
        encoding="utf-8",
    )
    assert not done.returncode, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("around", ['"{}"', "'{}'", " {} ", '"{} "', "« {} »", "{}\r", "{}"])
def test_a_variable_is_read_without_what_surrounds_it(around):
    program = "from atelier import settings; print(settings.BASE_MODEL, settings.MIRRORS[0], settings.HOME)"
    variables = {"AURORE_MODEL": "mini", "AURORE_GUTENBERG": "http://miroir", "AURORE_HOME": "/un dossier"}
    read = in_a_new_python(program, **{name: around.format(value) for name, value in variables.items()})
    assert read == f"mini http://miroir {Path('/un dossier').resolve()}"


def test_an_empty_variable_is_as_if_it_were_not_there():
    empty = dict.fromkeys(
        ("AURORE_HOME", "AURORE_MODEL", "AURORE_GUTENBERG", "AURORE_DEBUG", "HF_HOME", "HF_ENDPOINT"), " "
    )
    program = "import os, atelier; from atelier import settings as s; print(s.HOME == s.FOLDER, s.BASE_MODEL, s.DEBUG, os.environ['HF_HOME'])"
    assert (
        in_a_new_python(program, **empty) == f"True {settings.DEFAULT_MODEL} False {AURORE / '.cache' / 'huggingface'}"
    )


def test_a_folder_may_be_given_by_another_variable():
    program = "from atelier import settings; print(settings.HOME)"
    assert in_a_new_python(program, AURORE_HOME="$PLACE/aurore", PLACE="/ailleurs") == str(
        Path("/ailleurs/aurore").resolve()
    )


def test_what_another_course_asked_of_transformers_is_not_for_here():
    program = (
        "import os, atelier; print(os.environ['USE_TF'], os.environ['USE_TORCH'], os.environ['TF_USE_LEGACY_KERAS'])"
    )
    assert in_a_new_python(program, USE_TF="0", USE_TORCH="1", TF_USE_LEGACY_KERAS="0") == "1 AUTO 1"


@pytest.mark.skipif(os.name == "nt", reason="Windows n'efface pas le dossier où l'on est")
def test_a_script_may_be_launched_from_a_folder_that_is_gone(tmp_path):
    (gone := tmp_path / "effacé").mkdir()
    program = f"import os; os.chdir({str(gone)!r}); os.rmdir({str(gone)!r}); import atelier; print(os.getcwd())"
    assert in_a_new_python(program) == str(AURORE)


def test_a_script_does_without_its_docstrings():
    program = (
        "sys.argv = ['demo.py', '--help']; import runpy; runpy.run_path(sys.path[-1] + '/demo.py', run_name='__main__')"
    )
    assert "utilisation" in in_a_new_python(program, "-OO")


@pytest.mark.parametrize(
    "folder, url",
    [
        (PureWindowsPath(r"\\serveur\partage\les livres"), "file:////serveur/partage/les%20livres"),
        (PureWindowsPath(r"D:\livres [1]"), "file:///D:/livres%20%5B1%5D"),
        (PurePosixPath("/srv/livres#1"), "file:///srv/livres%231"),
    ],
)
def test_a_mirror_may_be_a_folder_of_the_network(folder, url):
    assert mirrors.folder_url(folder) == url


def test_a_byte_order_mark_is_read_where_it_can_be_and_told_where_it_cannot(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "MODELS", tmp_path)
    run = tmp_path / "un"
    run.mkdir()
    (tmp_path / "latest").write_text("un\n", "utf-8-sig")
    (run / "history.json").write_text(json.dumps({"base_model": "mini"}), "utf-8-sig")
    assert choice.history(run) == {"base_model": "mini"}
    (run / "config.json").write_text("{}", "utf-8-sig")
    with pytest.raises(AuroreError, match="config.json commence par une marque d'ordre"):
        choice.latest_run()
    assert requests.from_json(codecs.BOM_UTF8 + b'{"prompt": "Elle dit"}').prompt == "Elle dit"


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="cette machine n'a pas d'IPv6")
@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_the_page_listens_on_ipv6(host):
    with server.listen(host, 0) as listener:
        assert server.address(listener).startswith("http://localhost:")


def test_the_page_says_what_the_others_type(monkeypatch):
    with server.listen("127.0.0.1", 0) as listener:
        assert not server.for_the_room(listener), "personne d'autre n'y arriverait"
    with server.listen("0.0.0.0", 0) as listener:
        said = re.fullmatch(
            r"\nPour les autres, sur le même réseau : http://([\d.]+):(\d+)/", server.for_the_room(listener)
        )
        if said:  # une machine sans réseau n'a pas d'adresse à dire
            with socket.create_connection((said[1], int(said[2]))):
                pass
        monkeypatch.setattr(server, "IN_CONTAINER", True)
        assert not server.for_the_room(listener)


def test_a_console_without_a_language_gives_back_its_letters():
    assert generation.as_learned("L’été".encode().decode("ascii", "surrogateescape")) == "L'été"


def test_a_screen_narrower_than_a_word_stops_nothing(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "1")
    comparison.show_texts({"avant": ["Il était une fois"], "après": ["Il était une fois"]})
    assert capsys.readouterr().out.count("Il était une fois") == 2


@pytest.mark.parametrize("code", [errno.EEXIST, errno.ENOTDIR])
def test_a_working_folder_that_is_a_file_is_told(code):
    said = console.explain(OSError(code, "File exists", str(settings.HOME)))
    assert f"{settings.HOME} est un fichier" in said and "AURORE_HOME" in said


def test_what_another_person_left_in_tmp_is_not_read(tmp_path, monkeypatch):
    (tmp_path / "le leur").write_bytes(b"x")

    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert "Rien n'est arrivé" in downloads.where_it_went(tmp_path, tmp_path / "livre", b"x")
