"""Un fichier de la personne, à côté des scripts, qui porte le nom d'un module."""

import re

from scripts import run_fresh


def test_a_file_named_like_a_module_hides_nothing_and_is_to_be_renamed(workshop):
    for name in ("code", "tokenize", "datasets", "secrets", "transformers"):
        (workshop / f"{name}.py").write_text("print('essai')\nraise SystemExit\n", "utf-8")
    done = run_fresh(str(workshop / "check.py"), "1.5", home=workshop.parent, AURORE_HOME=str(workshop))
    assert "· 1.5" in done.stdout and "essai" not in done.stdout, done.stderr
    for name in ("code", "tokenize", "datasets", "secrets", "transformers"):
        assert re.search(rf"aurore/{name}.py a le nom d'.*Renommez-le", done.stderr)
    assert "Traceback" not in done.stderr and "Visual" not in done.stderr


def test_a_file_already_taken_for_a_module_stops_the_script_and_is_named(workshop):
    (workshop / "random.py").write_text("choix = [1, 2, 3]\n", "utf-8")
    done = run_fresh(str(workshop / "1_prepare_dataset.py"), "--offline", home=workshop.parent)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "aurore/random.py a le nom d'un module de Python" in done.stderr and "renommez-le" in done.stderr
