"""La page : un formulaire, une interface pour les programmes, des refus en clair, une adresse, un arrêt propre."""

import json
import re
import shlex
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import api
import pytest
from readme import README
from scripts import load, refused
from visitor import events, free_port

from atelier.models.continuation import EXTRA
from atelier.web import server
from atelier.writing.beginnings import beginnings

PROMPT = "Il était une fois"


def get(url: str, **fields: str) -> tuple[int, str]:
    data = urllib.parse.urlencode(fields).encode() if fields else None
    try:
        with urllib.request.urlopen(url, data, timeout=600) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def ask(address: str, body=None, **asked) -> tuple[int, dict]:
    """Ce que `/api/generate` répond à ces options, ou à ce corps."""
    return api.ask(address, "generate", asked if body is None else body)


def stream(address: str, **asked) -> list[tuple[str, dict]]:
    """Les événements d'une suite, dans l'ordre."""
    request = urllib.request.Request(f"{address}/api/generate", json.dumps(asked | {"stream": True}).encode())
    with urllib.request.urlopen(request, timeout=600) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        return events(answer.read().decode())


def test_the_home_page_leads_to_the_form(address):
    status, html = get(address)
    assert status == 200 and 'lang="fr"' in html and 'href="generate"' in html
    assert not re.search(r"https?://", html), "aucune adresse extérieure : la page marche sans réseau"


def test_the_form_asks_for_a_prompt(address):
    status, html = get(f"{address}/generate")
    assert status == 200 and 'name="amorce"' in html and "<output" not in html
    for beginning in beginnings():
        assert f'value="{beginning}"' in html.replace("&#39;", "'"), "de quoi commencer sans rien taper"


def test_a_prompt_is_continued_and_everything_is_escaped(address):
    status, html = get(f"{address}/generate", amorce="Elle dit <script>alert(1)</script> & rit")
    prompt, text = re.search(
        r'<output id="texte"[^>]*><em class="prompt">(.*?)</em>(.*?)</output>', html, re.DOTALL
    ).groups()
    assert status == 200 and "<script>" not in html
    assert prompt == "Elle dit &lt;script&gt;alert(1)&lt;/script&gt; &amp; rit"
    assert len(text) > 40


@pytest.mark.parametrize(
    "fields, prompt",
    [
        ({"amorce": "  "}, beginnings()[0]),
        ({"amorce": "", "debut": "Madame"}, "Madame"),
        ({"amorce": "un mot " * 400}, "un mot " * 400),
    ],
    ids=["empty", "suggested", "longer than the context"],
)
def test_without_javascript_whatever_one_does_something_is_written(address, fields, prompt):
    status, html = get(f"{address}/generate", max_new_tokens="5", **fields)
    assert status == 200 and f'<em class="prompt">{prompt.strip()}</em>' in html


def test_a_prompt_that_cannot_be_continued_is_told_and_kept(address):
    status, html = get(f"{address}/generate", amorce="Elle\x07 dit")
    assert status == 400 and "U+0007" in html and 'role="alert"' in html and "Elle\x07 dit" in html


def test_a_setting_that_does_not_fit_is_shown_and_told(address):
    status, html = get(f"{address}/generate", amorce=PROMPT, temperature="9,5")
    assert status == 400 and "Température" in html and "de 0 à 5" in html and '<details id="settings" open>' in html
    assert re.search(r'id="temperature"[^>]*aria-invalid="true"[^>]*value="9,5"', html)
    assert get(f"{address}/generate", amorce=PROMPT, temperature="0,5", max_new_tokens="2")[0] == 200


def test_a_huge_request_is_refused(address):
    status, html = get(f"{address}/generate", amorce="x" * 200_000)
    assert status == 413 and "trop long" in html


def test_a_page_that_does_not_exist_is_told_in_french(address):
    status, html = get(f"{address}/nulle-part")
    assert status == 404 and "n'existe pas" in html.replace("&#39;", "'")


def test_a_taken_port_is_told(site, tmp_path):
    port = site.port
    sentence = refused("5_flask.py", "--port", str(port), home=tmp_path)
    assert f"Le port {port} est déjà pris" in sentence
    assert "odèle" not in sentence, "avant de charger le modèle"


def test_two_models_side_by_side_without_javascript_give_two_texts(address):
    status, html = get(f"{address}/generate", amorce=PROMPT, compare="on", seed="3", max_new_tokens="5")
    assert status == 200 and html.count("<output") == 2 and html.count("graine 3") == 2
    assert html.index("<h2>Avant : mini") < html.index("<h2>Après : entraînement essai"), "avant est à gauche"


def test_a_program_gets_the_continuation_and_the_same_again_with_the_same_seed(address):
    status, answer = ask(address, prompt=PROMPT, seed=5, max_new_tokens=12)
    assert status == 200 and answer["model"] == "essai" and answer["seed"] == 5 and answer["new_tokens"] == 12
    assert answer["finish_reason"] == "length" and answer["text"] and not answer["text"].startswith(PROMPT)
    assert ask(address, prompt=PROMPT, seed=5, max_new_tokens=12)[1]["text"] == answer["text"]
    assert ask(address, prompt=PROMPT, seed=6, max_new_tokens=12)[1]["text"] != answer["text"]


def test_echo_and_logprobs_mean_what_they_mean_elsewhere(address):
    _, answer = ask(address, prompt=PROMPT, seed=5, max_new_tokens=6, echo=True, logprobs=True)
    tokens = answer["tokens"]
    assert answer["text"].startswith(PROMPT) and "".join(token["text"] for token in tokens) == answer["text"]
    assert tokens[0]["logprob"] is None and all(token["logprob"] < 0 for token in tokens[1:])
    assert all(len(token["alternatives"]) == 5 for token in tokens[-6:])


def test_a_stream_tells_each_token_then_what_an_ordinary_answer_says(address):
    events = stream(address, prompt=PROMPT, seed=5, max_new_tokens=12)
    names = [name for name, _ in events if name != "place"]
    assert names == ["token"] * 12 + ["done"]
    assert "".join(token["text"] for name, token in events if name == "token") == events[-1][1]["text"]
    assert events[-1][1] == ask(address, prompt=PROMPT, seed=5, max_new_tokens=12)[1]


def test_a_text_goes_on_to_the_end_of_its_sentence(address):
    for seed in range(5):
        _, answer = ask(address, prompt=PROMPT, seed=seed, sentence=True, max_new_tokens=20)
        assert answer["kept"] <= answer["new_tokens"] <= 20 + EXTRA and answer["kept"] >= 10
        ends = bool(re.search(r"[.!?…](\s?»)?$", answer["text"]))
        assert ends == (answer["finish_reason"] == "sentence") or answer["finish_reason"] == "stop"


def test_the_last_word_of_the_visitor_is_whole_unless_a_program_asks_otherwise(address):
    drawn = {"temperature": 2, "max_new_tokens": 1, "force": True}
    for seed in range(4):
        _, answer = ask(address, prompt="Je suis né à Nohant", seed=seed, **drawn)
        assert not answer["text"][:1].isalnum()
    longer = [ask(address, prompt="Je suis né à Noh", seed=seed, inside_word=True, **drawn)[1] for seed in range(8)]
    assert any(answer["text"][:1].isalpha() for answer in longer)


def test_a_prompt_longer_than_the_context_is_refused_unless_its_beginning_may_be_forgotten(address):
    long = "Elle marchait dans la campagne. " * 60
    status, answer = ask(address, prompt=long)
    assert status == 400 and "Raccourcissez" in answer["error"]
    status, answer = ask(address, prompt=long, slide=True, max_new_tokens=8)
    assert status == 200 and answer["new_tokens"] == 8 and answer["prompt_tokens"] == 248


@pytest.mark.parametrize(
    "asked, word",
    [
        ({"prompt": "  "}, "vide"),
        ({}, "prompt"),
        ({"prompt": 3}, "prompt"),
        ({"prompt": "a\0b"}, "U+0000"),
        ({"prompt": "\ud800"}, "U+D800"),
        ({"temperature": -1}, "Température"),
        ({"temperature": "chaud"}, "Température"),
        ({"temperature": float("nan")}, "Température"),
        ({"top_p": 0}, "Top-p"),
        ({"top_p": 1.5}, "Top-p"),
        ({"top_k": -1}, "Top-k"),
        ({"top_k": 2.5}, "Top-k"),
        ({"max_new_tokens": 0}, "Longueur"),
        ({"max_new_tokens": True}, "Longueur"),
        ({"max_new_tokens": 10**30}, "Longueur"),
        ({"seed": -1}, "Graine"),
        ({"seed": []}, "Graine"),
        ({"model": "gpt-5"}, "gpt-5"),
        ({"model": 5}, "model"),
        ({"stream": "oui"}, "stream"),
        ({"temprature": 1}, "temprature"),
    ],
)
def test_what_a_program_gets_wrong_is_told_in_french(address, asked, word):
    status, answer = ask(address, **{"prompt": PROMPT} | asked if asked else {})
    assert status == 400 and word in answer["error"] and answer["reason"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"prompt": "\xff"}', b'{"prompt": ' + b"[" * 50_000, b"9" * 6000]
)
def test_what_is_not_json_is_told_in_french(address, body):
    status, answer = ask(address, body)
    assert status == 400 and "JSON" in answer["error"]


@pytest.mark.parametrize(
    "prompt", ["Once upon a time there was a princess", "Ich weiß nicht was soll es bedeuten", "日本語の文章", "12345"]
)
def test_what_is_not_french_is_told_and_can_be_overridden(address, prompt):
    status, answer = ask(address, prompt=prompt)
    assert status == 400 and "français" in answer["error"] and answer["reason"] == "french"
    assert ask(address, prompt=prompt, force=True, max_new_tokens=2)[0] == 200
    status, html = get(f"{address}/generate", amorce=prompt)
    assert status == 400 and 'name="force"' in html
    assert get(f"{address}/generate", amorce=prompt, force="on", max_new_tokens="2")[0] == 200


@pytest.mark.parametrize(
    "prompt",
    [
        "Aurore regardait la Seine",
        "Le vieux curé",
        "« Ah ! » dit-il",
        "Elle",
        "Marie mit sa robe",
        "Germain, las, s'assit",
        "Consuelo para le coup",
    ],
)
def test_a_short_french_prompt_passes(address, prompt):
    assert ask(address, prompt=prompt, max_new_tokens=2)[0] == 200


@pytest.mark.parametrize("prompt", ["Quel connard", "C'était un ENFOIRÉ", "ces salopes"])
def test_an_insult_is_to_be_rephrased(address, prompt):
    status, answer = ask(address, prompt=prompt)
    assert status == 400 and "reformulez" in answer["error"] and answer["reason"] == "insult"
    assert ask(address, prompt=prompt, force=True, max_new_tokens=2)[0] == 200, "qui le veut vraiment passe outre"


@pytest.mark.parametrize("path", ["/", "/generate", "/healthz", "/static/style.css", "/nulle-part", "/entrainement"])
def test_nothing_runs_in_the_page_that_is_not_the_page(address, path):
    try:
        headers = urllib.request.urlopen(address + path).headers
    except urllib.error.HTTPError as error:
        headers = error.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "script-src 'self'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "no-referrer"
    assert not re.search(r"<[^>]+\sstyle=|\son\w+=|<script>", get(address + path)[1]), (
        "ni style ni script dans le texte de la page"
    )


def test_the_page_says_whether_it_is_ready(address):
    assert json.loads(get(f"{address}/healthz")[1]) == {
        "status": "ready",
        "models": ["essai", "mini"],
        "titles": {"essai": "entraînement essai", "mini": "mini"},
        "writing": 0,
        "waiting": 0,
    }


@pytest.mark.skipif(not shutil.which("curl"), reason="curl n'est pas installé")
@pytest.mark.parametrize("line", re.findall(r"^curl .*$", README, re.MULTILINE))
def test_the_curl_lines_of_the_readme_work_as_they_stand(address, line):
    done = subprocess.run(
        shlex.split(line.replace("http://localhost", address)) + ["-sS", "--fail-with-body"],
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0 and re.search('"status"|"text"', done.stdout), done


def test_while_the_model_loads_the_page_says_so_and_when_to_come_back():
    client = load("5_flask.py").app.test_client()
    assert client.get("/healthz").json["status"] == "loading"
    answer = client.post("/api/generate", json={"prompt": PROMPT})
    assert answer.status_code == 503 and "se charge" in answer.json["error"]
    answer = client.post("/generate", data={"amorce": PROMPT})
    assert answer.status_code == 503 and PROMPT in answer.text and "se charge" in answer.text


def test_a_model_that_cannot_be_loaded_stops_the_page_with_a_sentence(tmp_path):
    sentence = refused("5_flask.py", "--port", str(free_port()), home=tmp_path, AURORE_MODEL=str(tmp_path))
    assert "config.json" in sentence


def test_a_console_that_is_gone_does_not_stop_the_page(monkeypatch):
    def fail(message):
        raise BrokenPipeError("la console n'est plus là")

    monkeypatch.setattr(server, "tell", fail)
    with load("5_flask.py").app.test_client().get("/") as answer:
        assert answer.status_code == 200
