"""L'examen : chaque token compte une fois, rien ne dépend du tokenizer que ce qui le dit, et le tableau dit l'avant et l'après."""

import io
import json
import math
import re
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scripts import AURORE, load, succeed
from small import small_model

from atelier import settings
from atelier.errors import AuroreError
from atelier.models import choice, export, hub
from atelier.text import corpus
from atelier.writing import comparison, evaluation, learned

STORY = "Dès l'aube, Hélène s'éveillait ; « déjà ! » soupirait le père Maurice, œil mi-clos. " * 6
SHORT = "Où allait-elle ?"
WIDE = "4000"  # la largeur d'un écran où tout texte tient sur une ligne


@pytest.fixture(scope="module")
def small_tokenizer(tokenizer):
    """Un tokenizer de 300 tokens, qui coupe plus menu."""
    return tokenizer.train_new_from_iterator([STORY], 300)


def scattered_model(tokenizer):
    """Un modèle au hasard, dont les prévisions dépendent beaucoup de ce qu'il vient de lire."""
    return small_model(tokenizer, n_layer=1, initializer_range=1.0)


def bits(score, text: str) -> float:
    return score.bits_per_byte * len(text.encode("utf-8"))


@pytest.mark.parametrize("length", [1, 63, 64, 65, 127, 128, 129, 130, 192, 193, 500])
def test_every_token_is_predicted_once_after_at_least_64_others(length):
    inputs, labels = evaluation.windows(list(range(length + 1)))
    rows, columns = np.nonzero(labels >= 0)
    predicted, first_read = labels[rows, columns], inputs[rows, 0]
    assert predicted.tolist() == list(range(1, length + 1))
    assert (inputs[rows, columns] == predicted - 1).all() and inputs.shape[1] == 128
    assert ((predicted - first_read >= 64) | (first_read == 0)).all()


def test_the_score_is_that_of_a_slow_computation(small_tokenizer):
    """Un token à la fois : sa propre ligne, où l'on ne met que ce qui le précède."""
    model, contexts, answers = scattered_model(small_tokenizer), [], []
    for text in (STORY, SHORT):
        ids = [small_tokenizer.eos_token_id, *small_tokenizer(text)["input_ids"]]
        for place in range(1, len(ids)):
            start = max(start for start in range(0, len(ids), 64) if start == 0 or place - start > 64)
            contexts.append(ids[start:place])
            answers.append(ids[place])
    padded = np.array([context + [1] * (128 - len(context)) for context in contexts])
    logits = (
        model(padded)
        .logits.numpy()
        .astype(np.float64)[range(len(contexts)), [len(context) - 1 for context in contexts]]
    )
    total = (np.logaddexp.reduce(logits, axis=1) - logits[range(len(answers)), answers]).sum()
    score = evaluation.score(model, small_tokenizer, [STORY, SHORT])
    assert score.tokens == len(answers) > 200
    assert score.bits_per_byte == pytest.approx(total / math.log(2) / len((STORY + SHORT).encode()), rel=1e-5)
    assert math.log(score.perplexity_per_token) == pytest.approx(total / len(answers), rel=1e-5)
    chances = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    times, before = score.expectations
    assert times == pytest.approx(chances.sum(axis=0), rel=1e-3, abs=1e-6), "combien de fois chaque token était attendu"
    for id in np.argsort(-chances.max(axis=0))[:50]:
        context = contexts[chances[:, id].argmax()][-64:]
        assert before[id].tolist()[-len(context) :] == context, "ce qu'il venait de lire quand il l'attendait le plus"
    words = 6 * len("Dès l aube Hélène s éveillait déjà soupirait le père Maurice œil mi clos".split()) + 3
    assert math.log(score.perplexity_per_word) == pytest.approx(total / words, rel=1e-5)


def test_a_uniform_model_pays_the_same_for_every_token_whatever_the_tokenizer(tokenizer, small_tokenizer):
    scores = []
    for each in (tokenizer, small_tokenizer):
        model = scattered_model(each)
        model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
        scores.append(evaluation.score(model, each, [STORY]))
        tokens = len(each(STORY)["input_ids"])
        assert scores[-1].tokens == tokens and scores[-1].perplexity_per_token == pytest.approx(len(each), rel=1e-5)
        assert bits(scores[-1], STORY) == pytest.approx(math.log2(len(each)) * tokens, rel=1e-5)
    fewer, more = scores
    assert more.tokens > fewer.tokens and more.perplexity_per_token < fewer.perplexity_per_token
    assert more.bits_per_byte / fewer.bits_per_byte == pytest.approx(
        math.log(more.perplexity_per_word) / math.log(fewer.perplexity_per_word)
    ), "les mêmes octets, les mêmes mots"


def row(shown: str, title: str) -> list[float]:
    return [
        float(number.replace(",", "."))
        for number in re.search(rf"^{title} +(.*)", shown, re.MULTILINE)[1].translate({ord("%"): "", 0xA0: ""}).split()
    ]


def evaluate(prepared, model: str, *options: str, run: Path | None = None) -> tuple[str, str]:
    """Le script, dans ce processus, sur les récits et quand l'entraînement est `run`, ou qu'il n'y en a pas : ce qu'il écrit, ce qu'il dit."""
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(io.StringIO()) as shown,
        redirect_stderr(io.StringIO()) as told,
    ):
        patch.setattr(sys, "argv", ["evaluate.py", *options])
        patch.setenv("COLUMNS", WIDE)
        patch.setattr(corpus, "folder", lambda: prepared / "data")
        patch.setattr(choice, "latest_run", lambda: run)
        patch.setattr(settings, "BASE_MODEL", model)
        load("evaluate.py").main()
    return shown.getvalue(), told.getvalue()


@pytest.fixture(scope="module")
def untrained(prepared, tiny):
    return evaluate(prepared, tiny, "--prompt", "Le soir,")


def test_without_training_only_the_base_model_is_examined(untrained):
    shown, told = untrained
    assert "Rien n'a encore été entraîné" in told and "3_train_solution.py" in told
    assert "La Fontaine aux Trois Chemins" in shown
    assert "avant" in shown and "après" not in shown and "gain" not in shown
    assert len(row(shown, "bits par octet")) == 1


def test_before_and_after_differ_and_are_found_again(untrained, trained):
    shown = succeed("evaluate.py", "--prompt", "Le soir,", home=trained, COLUMNS=WIDE).stdout
    assert re.search(r"avant +après +gain", shown)
    for title in ("bits par octet", "perplexité par token", "perplexité par mot"):
        before, after, gain = row(shown, title)
        assert after < before and gain == pytest.approx(100 * (1 - after / before), abs=0.2)
        assert [before] == row(untrained[0], title), "le même modèle, le même livre"
    alone, together = (
        [line for line in each.splitlines() if line.startswith("Le soir,")] for each in (untrained[0], shown)
    )
    before, after = re.split(r" {3,}", together[0])
    assert [before] == alone and len(together) == 1, "la même graine"
    assert after.startswith("Le soir,") and after != before


def expected(tokenizer, **times: float) -> evaluation.Expectations:
    """Un modèle qui attend ces tokens, qui commencent un mot, tant de fois."""
    found = np.full(len(tokenizer), 1e-3)
    for token, number in times.items():
        found[tokenizer.convert_tokens_to_ids(f"Ġ{token}")] = number
    return evaluation.Expectations(found, np.zeros((len(tokenizer), evaluation.CONTEXT), int))


WHOLE = {" Cons": (" Consuelo", 0.9), " po": (" poëte", 0.3), " et": (" et", 1.0), " meu": (" meunier", 0.8)}


@pytest.fixture
def completed(tokenizer, monkeypatch):
    """Un pipeline dont le modèle finit les mots comme le dit `WHOLE`."""
    monkeypatch.setattr(
        evaluation, "words", lambda model, tokenizer, context, begun, number: [WHOLE[tokenizer.decode([*begun])]]
    )
    return SimpleNamespace(model=None, tokenizer=tokenizer)


def test_the_words_learned_are_whole_and_the_most_learned_come_first(tokenizer, completed):
    before = expected(tokenizer, Cons=0.5, meu=2.0, po=1.0, et=700, sein=0.2)
    after = expected(tokenizer, Cons=10.0, meu=16.0, po=9.0, et=800, sein=0.9)
    words = evaluation.learned_words(completed, before, after)
    assert words == [("Consuelo", 0.5, 10.0), ("meunier", 2.0, 16.0)], (
        "ni « po », qui commence plusieurs mots ; ni « et », que tout français attend ; ni « sein », attendu moins d'une fois"
    )
    assert learned.Learned("", "", words).columns == [[words[0]], [words[1]]], "les noms, et le reste"
    assert evaluation.learned_words(completed, after, after) == []


def test_twenty_words_at_most_half_of_them_names(tokenizer, completed, monkeypatch):
    monkeypatch.setattr(
        evaluation, "words", lambda model, tokenizer, context, begun, number: [(tokenizer.decode([*begun]), 1.0)]
    )
    starts = [
        token[1:]
        for token in tokenizer.get_vocab()
        if token.startswith("Ġ") and token[1:].isascii() and token[1:].isalpha()
    ]
    words = evaluation.learned_words(
        completed, expected(tokenizer), expected(tokenizer, **{token: 5.0 + rank for rank, token in enumerate(starts)})
    )
    assert [len(column) for column in learned.Learned("", "", words).columns] == [10, 10]
    gains = [word.after / word.before for word in words]
    assert gains == sorted(gains, reverse=True)
    for kind in (str.isupper, str.islower):
        best = [token for token in starts if kind(token[0])][-10:]
        assert {word.word for word in words if kind(word.word[0])} == {*best}


@pytest.fixture
def examined(prepared, tiny, trained, monkeypatch, tmp_path):
    """Un entraînement, à examiner : son dossier. Ce qu'il a appris est tout trouvé."""
    run = shutil.copytree(
        trained / "model" / (trained / "model" / "latest").read_text("utf-8").strip(), tmp_path / "run"
    )
    words = [learned.Word("Consuelo", 0.7, 10.68), learned.Word("meunier", 2.3, 15.64), learned.Word("sein", 1.2, 4.2)]
    monkeypatch.setattr(evaluation, "learned_words", lambda *_: words)
    return run


def test_what_was_learned_is_shown_and_left_in_the_folder_of_the_run(prepared, tiny, examined):
    shown, _ = evaluate(prepared, tiny, "--prompt", "Le soir,", run=examined)
    _, found = shown.split("Ce que les récits lui ont appris :")
    assert "La Fontaine aux Trois Chemins" in found
    assert [line.split() for line in found.splitlines()[-2:]] == [
        ["Consuelo", "0,7", "10,7", "meunier", "2,3", "15,6"],
        ["sein", "1,2", "4,2"],
    ]
    assert learned.read(examined) == learned.Learned(
        "Ce que les récits lui ont appris", "La Fontaine aux Trois Chemins", evaluation.learned_words()
    )


def test_nothing_is_said_to_be_learned_if_the_tokens_are_not_the_same(prepared, tiny, examined, small_tokenizer):
    export.save_model(small_model(small_tokenizer), small_tokenizer, examined)
    shown, _ = evaluate(prepared, tiny, "--prompt", "Le soir,", run=examined)
    assert "appris" not in shown and not (examined / learned.FILE).exists() and "gain" in shown


def score(tokens: int, figure: float) -> evaluation.Score:
    return evaluation.Score(tokens, figure, figure, figure)


def test_perplexities_of_different_tokens_are_not_compared(capsys):
    script = load("evaluate.py")
    script.show_scores({"avant": score(100, 4.0), "après": score(150, 3.0)})
    shown = capsys.readouterr().out
    assert row(shown, "bits par octet") == [4, 3, 25] and row(shown, "perplexité par mot") == [4, 3, 25]
    assert re.search(r"perplexité par token +4,0 +3,0 +—\n", shown)


@pytest.fixture
def candidates(tmp_path, monkeypatch):
    """`candidates(base_model)` : ce que l'on examine quand le dernier entraînement est parti de ce modèle."""
    (tmp_path / "run").mkdir()
    monkeypatch.setattr(choice, "latest_run", lambda: tmp_path / "run")

    def found(base_model):
        (tmp_path / "run" / "history.json").write_text(json.dumps({"base_model": base_model}), "utf-8")
        return comparison.candidates()

    return found


def test_the_base_model_is_that_of_the_run(candidates, tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "BASE_MODEL", "nobody/nothing")
    assert candidates("mini") == {"avant": settings.MINI, "après": tmp_path / "run"}
    base = shutil.copytree(settings.MINI, tmp_path / "base")
    assert candidates(str(base)) == {"avant": base, "après": tmp_path / "run"}


@pytest.mark.parametrize(
    "lost, why",
    [
        (str(AURORE.parent / "nowhere"), "n'est plus là"),
        (settings.DEFAULT_MODEL, "n'en tient pas lieu"),
        ("someone/gpt2-fr", "n'est pas encore téléchargé"),
        ("", "ne dit de quel modèle"),
    ],
)
def test_a_base_model_that_is_lost_leaves_the_after_alone(candidates, lost, why, tmp_path, monkeypatch, capsys):
    def unreachable(name):
        raise hub.Unavailable("le hub ne répond pas")

    monkeypatch.setattr(hub, "cached_folder", lambda name: None)
    monkeypatch.setattr(hub, "probe", unreachable)
    assert candidates(lost) == {"après": tmp_path / "run"}
    sentence = capsys.readouterr().err
    assert "pas d'« avant »" in sentence and lost in sentence and why in sentence


def test_bad_options_are_refused_in_a_sentence(refused_option):
    assert "--seed : « -1 » ne convient pas" in refused_option("evaluate.py", "--seed", "-1")


def test_a_prompt_is_checked_before_the_exam(prepared, monkeypatch):
    monkeypatch.setattr(evaluation, "score", lambda *_: pytest.fail("l'examen a commencé"))
    with pytest.raises(AuroreError, match="L'amorce est vide"):
        evaluate(prepared, "mini", "--prompt", "  ")
