"""Ce qu'une personne tape arrive au tokenizer dans la typographie des livres, par quelque porte que ce soit."""

import json
import unicodedata
from types import SimpleNamespace

import pytest
from scripts import load

from atelier.errors import AuroreError
from atelier.models.sampling import Sampling
from atelier.web import requests
from atelier.writing import explanation, generation

LEARNED = "« Qu'est-ce ? » dit l'été ; sa sœur, elle-même, se tut…"
TYPED = {
    "un téléphone": "« Qu’est-ce ? » dit l’été ; sa sœur, elle-même, se tut…",
    "la page, copiée": "«\u00a0Qu’est-ce\u202f?\u00a0» dit l’été\u202f; sa sœur, elle-même, se tut…",
    "Word en anglais": "“Qu’est-ce?” dit l’été; sa soeur, elle‑même, se tut...",
    "macOS": unicodedata.normalize("NFD", LEARNED),
    "une page web": "&laquo;&nbsp;Qu&rsquo;est-ce&#8239;?&nbsp;&raquo; dit l&#x2019;été ; sa s&oelig;ur, elle-même, se tut…",
    "un PDF": "\ufeff‹Qu′est-ce ?› dit l\u200bʼété ; sa ſœur, elle\u2010mê\u00adme, se tut….",
    "un autre alphabet": "«Qu＇est-ce？» dit l`été； sa sœur, elle−même, se tut. . .",
    "une ligne finie par CR LF": f"  {LEARNED}\r\n",
}


@pytest.mark.parametrize("typed", TYPED.values(), ids=TYPED)
def test_a_typed_sentence_is_the_one_the_books_have(typed):
    assert generation.as_learned(typed) == LEARNED


def test_the_paragraphs_of_a_prompt_stay_apart_as_in_the_books():
    assert generation.as_learned("Il entra.\r\n\r\n- Oui!\u2028Elle rit.\n") == "Il entra.\n— Oui !\nElle rit."


@pytest.mark.parametrize("text", ["Ἑλένη 👩‍🌾 写", "השלום, dit-il", "Zut ! 🙂", "Il cherchait :", "« Où"])
def test_what_has_no_other_form_is_left_as_it_is(text):
    assert generation.as_learned(text) == text


@pytest.mark.parametrize("empty", ["", " \u00a0\n", "\u200b", "&nbsp;"])
def test_what_has_no_letter_left_is_empty(empty):
    with pytest.raises(AuroreError, match="vide"):
        generation.as_learned(empty)


@pytest.fixture(scope="module")
def pipe(tokenizer):
    from small import small_model

    return SimpleNamespace(model=small_model(tokenizer), tokenizer=tokenizer)


def by_the_api(typed, pipe):
    return requests.from_json(json.dumps({"prompt": typed}).encode()).prompt


def by_the_page(typed, pipe):
    return requests.from_form({"amorce": typed}).prompt


def by_step_4(typed, pipe):
    return generation.check_prompt(typed, pipe, 8)


def by_explain(typed, pipe):
    return explanation.explain(pipe, typed, Sampling())


def by_step_2(typed, pipe, capsys):
    load("2_tokenize_solution.py").show(pipe.tokenizer, typed)
    return capsys.readouterr().out


@pytest.mark.parametrize("door", [by_the_api, by_the_page, by_step_4, by_explain, by_step_2])
def test_every_door_leads_to_the_same_tokens(door, pipe, capsys):
    more = (capsys,) if door is by_step_2 else ()
    assert door(TYPED["la page, copiée"], pipe, *more) == door(LEARNED, pipe, *more)
