"""Ce qu'un entraînement prendra de mémoire, et ce qu'il y en a ; ce qui apprend, et ce qui est gelé."""

import re

import pytest
from small import small_model

from atelier import errors
from atelier.console import number
from atelier.models import sizes


def test_the_memory_it_will_take_is_said_and_refused_when_it_is_not_there(tokenizer, monkeypatch, capsys):
    model = small_model(tokenizer)
    sizes.check_memory(model, tokens=1024)
    needed = float(re.search(r"encore ([\d,]+) Go", capsys.readouterr().out)[1].replace(",", "."))
    sizes.check_memory(model, tokens=102400)
    assert float(re.search(r"encore ([\d,]+) Go", capsys.readouterr().out)[1].replace(",", ".")) > needed > 0
    monkeypatch.setattr(sizes.machine, "available_memory", lambda: int(0.5e9))
    with pytest.raises(errors.AuroreError, match="--batch-size 4.*--freeze 1"):
        sizes.check_memory(model, tokens=1024)


@pytest.mark.parametrize("version", [0, 1])
def test_the_limit_of_a_container_counts_but_not_the_files_it_has_read(version, tmp_path, monkeypatch):
    _, limit, usage, forgettable = sizes.machine.CGROUPS[version]
    monkeypatch.setattr(sizes.machine, "CGROUPS", [(tmp_path, limit, usage, forgettable)])
    unlimited = sizes.machine.available_memory()
    (tmp_path / usage).write_text("700000000\n")
    (tmp_path / "memory.stat").write_text(f"cache 1\n{forgettable} 200000000\n")
    (tmp_path / limit).write_text("1000000000\n")
    assert sizes.machine.available_memory() == 500_000_000 < unlimited
    (tmp_path / limit).write_text("max\n")
    assert sizes.machine.available_memory() > 500_000_000


def test_freezing_says_what_is_trained_and_leaves_a_block(tokenizer, capsys):
    model = small_model(tokenizer)
    sizes.freeze(model, 1)
    trained = sum(variable.shape.num_elements() for variable in model.trainable_variables)
    assert f"Paramètres entraînés : {number(trained)} sur {number(model.count_params())}." in capsys.readouterr().out
    with pytest.raises(errors.AuroreError, match="que 2 couches"):
        sizes.freeze(model, 2)
