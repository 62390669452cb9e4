"""Ce que XLA a compilé se retrouve au lancement suivant ; ce qui est abîmé, étranger ou de trop ne gêne personne."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from scripts import AURORE, succeed

from atelier import compiled

SHOWN = f"""
import sys
sys.path.insert(0, {str(AURORE)!r})
from atelier import compiled
compiled.reuse()
import os
print(os.environ.get("TF_XLA_FLAGS", ""))
"""


def flags(home: Path, **variables: str) -> str:
    """`TF_XLA_FLAGS`, tel que TensorFlow le lira."""
    environment = {name: value for name, value in os.environ.items() if name != "TF_XLA_FLAGS"}
    environment |= {"AURORE_HOME": str(home), **variables}
    return subprocess.run(
        [sys.executable, "-c", SHOWN], env=environment, capture_output=True, encoding="utf-8", check=True
    ).stdout.strip()


def write(home: Path):
    return succeed("4_generate_solution.py", "--max-new-tokens", "3", "--seed", "1", home=home, TF_XLA_FLAGS="")


def kept(home: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (home / ".cache" / "xla").rglob("*.pb")}


def test_what_is_compiled_once_is_read_again_and_what_is_damaged_is_compiled_again(tmp_path):
    home = tmp_path / "Atelier [2026] d'été, 100 % {à lire} #1"
    home.mkdir()
    text, compiled_once = write(home).stdout, kept(home)
    assert compiled_once and write(home).stdout == text and kept(home) == compiled_once
    for path in compiled_once:
        os.truncate(path, path.stat().st_size // 2)
    assert write(home).stdout == text and kept(home).keys() == compiled_once.keys()
    assert all(kept(home)[path] != compiled_once[path] for path in compiled_once), "refait, et non relu"


def test_a_folder_that_cannot_be_written_changes_nothing(tmp_path):
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "xla").write_text("ceci n'est pas un dossier", "utf-8")
    assert flags(tmp_path) == ""


def test_the_folder_of_another_is_left_to_him(tmp_path):
    asked = "--tf_xla_persistent_cache_directory=/ailleurs"
    assert flags(tmp_path, TF_XLA_FLAGS=asked) == asked
    assert flags(tmp_path, TF_XLA_FLAGS="--tf_xla_auto_jit=0").startswith(
        "--tf_xla_auto_jit=0 --tf_xla_persistent_cache"
    )


def test_the_folder_stays_small_and_forgets_the_oldest_first(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "FOLDER", tmp_path)
    monkeypatch.setattr(compiled, "MOST", 250)
    (tmp_path / "machine").mkdir()
    whole = bytes([10, 98]) + bytes(98)  # un champ de 98 octets
    for age, name in enumerate(("récent", "ancien", "très ancien")):
        path = tmp_path / "machine" / f"{name}.pb"
        path.write_bytes(whole)
        os.utime(path, (1000 - age, 1000 - age))
    (tmp_path / "machine" / "tronqué.pb").write_bytes(whole[:50])
    compiled._clean()
    assert sorted(path.stem for path in tmp_path.rglob("*.pb")) == ["ancien", "récent"]


@pytest.mark.parametrize("other", ["TensorFlow", "processeur"])
def test_another_machine_or_another_version_has_its_own_folder(monkeypatch, other):
    mine = compiled._machine()
    assert compiled._machine() == mine
    if other == "TensorFlow":
        monkeypatch.setattr(compiled.metadata, "version", lambda name: "3.0")
    else:
        monkeypatch.setattr(compiled.Path, "read_text", lambda *_, **__: "flags : sse2 d'un autre")
    assert compiled._machine() != mine
