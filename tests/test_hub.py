"""Le modèle du hub, par le vrai client du hub, contre un serveur qui répond comme lui ; et un hub qui ne répond pas.

Le petit modèle servi a la disposition de celui de benjamin/gpt2-wechsel-french : `lm_head.weight` en double, masques
d'attention, `eos_token_id` 50256 dans la configuration alors que le tokenizer dit 0, pas de remplissage.
"""

import http.server
import json
import socket

import numpy as np
import pytest
from huggingface_hub import constants, file_download
from safetensors.numpy import save_file
from scripts import AURORE, run, succeed
from transformers import AutoTokenizer

from atelier import settings
from atelier.errors import AuroreError
from atelier.models import choice, hub

NAME = "benjamin/gpt2-wechsel-french"
WIDTH, LAYERS, CONTEXT = 32, 2, 128


def write_published_model(folder, says=None, ends_at=None, mask=CONTEXT):
    """Les fichiers du modèle, tels qu'ils sont publiés ; `mask`, le côté de ses masques, en fait le poids.

    Avec `says` et `ends_at`, le modèle écrit toujours le token `says`, sauf après `ends_at` tokens : la fin de texte.
    """
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    vocabulary = json.loads((AURORE / "mini" / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]

    def normal(*shape):
        return random.normal(0, 0.02, shape).astype(np.float32)

    weights = {
        "transformer.wte.weight": normal(len(vocabulary), WIDTH),
        "transformer.wpe.weight": normal(CONTEXT, WIDTH),
        "transformer.ln_f.weight": np.ones(WIDTH, np.float32),
        "transformer.ln_f.bias": np.zeros(WIDTH, np.float32),
    }
    if says:  # la position décide seule, par deux directions réservées
        weights["transformer.wte.weight"][:, :2] = 0
        weights["transformer.wte.weight"][[0, says], [0, 1]] = 5
        weights["transformer.wpe.weight"][:, 1] = 100
        weights["transformer.wpe.weight"][ends_at - 1, :2] = 100, 0
    weights["lm_head.weight"] = weights["transformer.wte.weight"].copy()
    for block in range(LAYERS):
        for name, shape in {
            "ln_1": (WIDTH,),
            "attn.c_attn": (WIDTH, 3 * WIDTH),
            "attn.c_proj": (WIDTH, WIDTH),
            "ln_2": (WIDTH,),
            "mlp.c_fc": (WIDTH, 4 * WIDTH),
            "mlp.c_proj": (4 * WIDTH, WIDTH),
        }.items():
            prefix = f"transformer.h.{block}.{name}"
            weights[f"{prefix}.weight"] = normal(*shape) + (len(shape) == 1)
            weights[f"{prefix}.bias"] = np.zeros(shape[-1], np.float32)
        weights[f"transformer.h.{block}.attn.bias"] = np.tril(np.ones((1, 1, mask, mask), np.uint8))
        weights[f"transformer.h.{block}.attn.masked_bias"] = np.array(-1e4, np.float32)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})

    config = {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "vocab_size": len(vocabulary),
        "n_positions": CONTEXT,
        "n_ctx": CONTEXT,
        "n_embd": WIDTH,
        "n_layer": LAYERS,
        "n_head": 2,
        "bos_token_id": 50256,
        "eos_token_id": 50256,
    }
    special = {f"{role}_token": "<|endoftext|>" for role in ("bos", "eos", "unk")}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(special | {"tokenizer_class": "GPT2Tokenizer"}), "utf-8")
    (folder / "special_tokens_map.json").write_text(json.dumps(special), "utf-8")
    (folder / "tokenizer.json").write_bytes((AURORE / "mini" / "tokenizer.json").read_bytes())


class Hub(http.server.BaseHTTPRequestHandler):
    """Ce que le hub répond à `huggingface_hub` : un HEAD et un GET par fichier, et la reprise par Range."""

    folder = None
    cuts_left = 0  # combien de fois couper les poids au milieu
    starts = {}  # de quel octet chaque fichier a été demandé

    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        self.answer(body=True)

    def answer(self, body):
        served = type(self)
        repository, _, name = self.path.strip("/").partition("/resolve/main/")
        file = served.folder / name
        if repository != NAME or not name or not file.exists():
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound" if repository == NAME else "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content = file.read_bytes()
        served.starts.setdefault(name, [])
        start = int(self.headers.get("Range", "bytes=0-").split("=")[1].split("-")[0])
        self.send_response(206 if start else 200)
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("ETag", f'"{len(content)}-{name}"')
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if not body:
            return
        served.starts[name].append(start)
        if name == "model.safetensors" and served.cuts_left:
            served.cuts_left -= 1
            self.wfile.write(content[start : start + len(content) // 2])
            self.close_connection = True
            return
        self.wfile.write(content[start:])

    def log_message(self, *_):
        pass


class Down(http.server.BaseHTTPRequestHandler):
    """Un hub en panne, qui retient ce qu'on lui a demandé."""

    asked = []

    def do_HEAD(self):
        self.asked.append(self.path)
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD

    def log_message(self, *_):
        pass


def hub_serving(folder, cuts=0):
    return type("Hub", (Hub,), {"folder": folder, "cuts_left": cuts, "starts": {}})


@pytest.fixture
def online(monkeypatch, tmp_path):
    """`online(adresse)` : ce processus-ci parle à ce hub, et part d'un cache vide."""

    def connect(address: str) -> None:
        monkeypatch.setattr(constants, "ENDPOINT", address)
        template = address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(file_download, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_IMPLICIT_TOKEN", False)
        monkeypatch.delenv("HF_TOKEN", raising=False)

    return connect


def test_the_hub_model_is_downloaded_once_and_then_works_without_the_hub(serve, tmp_path):
    """De bout en bout, par deux Python neufs : c'est à son démarrage que le client du hub lit son adresse et son cache."""
    write_published_model(tmp_path / "published", mask=3600)
    handler = hub_serving(tmp_path / "published", cuts=1)
    options = ["--prompt", "Le soir", "--max-new-tokens", "5", "--seed", "1"]
    first = run("4_generate_solution.py", *options, home=tmp_path, AURORE_MODEL="", HF_ENDPOINT=serve(handler))
    assert first.returncode == 0, first.stderr
    size = (tmp_path / "published" / "model.safetensors").stat().st_size / 1e6
    assert (
        NAME in first.stderr
        and f"{size:.0f} Mo, une seule fois" in first.stderr
        and "AURORE_MODEL=mini" in first.stderr
    )
    assert "Connexion coupée" in first.stderr
    assert handler.starts["model.safetensors"] == [0, 10 * 2**20], "repris là où c'était coupé, à dix Mio près"
    assert first.stdout.startswith("Le soir") and len(first.stdout.strip()) > len("Le soir")

    down = type("Down", (Down,), {"asked": []})
    again = succeed("4_generate_solution.py", *options, home=tmp_path, AURORE_MODEL="", HF_ENDPOINT=serve(down))
    assert again.stdout == first.stdout and "déjà téléchargé" in again.stderr
    assert down.asked == [], "six essais par fichier feraient attendre des minutes"


def test_generation_stops_at_the_tokenizers_end_of_text(tmp_path):
    """La configuration dit 50256 : à la croire, le modèle écrirait encore après sa fin de texte (0)."""
    vocabulary = json.loads((AURORE / "mini" / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    prompt_length = len(AutoTokenizer.from_pretrained(AURORE / "mini")("Le soir")["input_ids"])
    write_published_model(tmp_path / "ends", says=vocabulary["Ġ!"], ends_at=prompt_length + 3)
    done = succeed("4_generate_solution.py", "--prompt", "Le soir", home=tmp_path, AURORE_MODEL=str(tmp_path / "ends"))
    assert done.stdout.strip() == "Le soir ! ! !", "et les espaces du français restent"


def test_without_the_hub_the_default_model_is_mini_and_the_script_says_so(serve, online, capsys):
    down = type("Down", (Down,), {"asked": []})
    online(address := serve(down))
    assert choice.base_model(NAME) == settings.MINI
    told = capsys.readouterr().err
    assert f"{address} ne répond pas" in told and "mini" in told
    assert down.asked == [f"/{NAME}/resolve/main/config.json"], "une question, une décision"


class Portal(http.server.BaseHTTPRequestHandler):
    """Le portail d'un wifi : il répond à tout par sa page, ou par un renvoi vers elle."""

    def do_HEAD(self):
        if self.path == "/login":
            self.send_response(200)
        else:
            self.send_response(302)
            self.send_header("Location", "/login")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.mark.parametrize(
    "address, sentence",
    [
        ("http://127.0.0.1:9", "ne répond pas"),
        ("http://hub.invalid", "ne répond pas"),
        (None, "ne répond pas"),
        (Portal, "portail"),
    ],
    ids=["refus", "nom inconnu", "trou noir", "portail"],
)
def test_a_hub_that_does_not_answer_is_given_up(address, sentence, serve, online, monkeypatch):
    assert hub.PROBE_SECONDS <= 15
    monkeypatch.setattr(hub, "PROBE_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as hole:  # accepte et se tait, comme un pare-feu qui jette les paquets
        address = address or f"http://127.0.0.1:{hole.getsockname()[1]}"
        online(serve(address) if isinstance(address, type) else address)
        with pytest.raises(hub.Unavailable, match=sentence):
            hub.probe(NAME)


def test_a_chosen_model_that_cannot_be_had_is_never_replaced(serve, tmp_path, online):
    write_published_model(tmp_path / "published")
    online(serve(hub_serving(tmp_path / "published")))
    with pytest.raises(AuroreError, match="quelquun/inconnu.*ne connaît pas"):
        choice.base_model("quelquun/inconnu")
    online("http://127.0.0.1:9")
    with pytest.raises(AuroreError, match="AURORE_MODEL=mini"):
        choice.base_model("quelquun/inconnu")


def test_a_stale_token_does_not_forbid_a_public_model(serve, online, tmp_path, monkeypatch, capsys):
    """Le hub répond 401 à un mauvais jeton, même pour un modèle que tout le monde peut lire."""
    write_published_model(tmp_path / "published")

    class Strict(hub_serving(tmp_path / "published")):
        def answer(self, body):
            if "Authorization" not in self.headers:
                return super().answer(body)
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()

    online(serve(Strict))
    monkeypatch.setenv("HF_TOKEN", "hf_perime")
    assert choice.name(choice.base_model(NAME)) == NAME
    told = capsys.readouterr().err
    assert "refuse votre jeton (HF_TOKEN)" in told and told.count("jeton") == 1
    assert f"Téléchargement de {NAME}" in told and "mini, embarqué" not in told


@pytest.mark.parametrize(
    "variable, value",
    [
        ("REQUESTS_CA_BUNDLE", "/nulle/part.pem"),
        ("CURL_CA_BUNDLE", "/nulle/part.pem"),
        ("https_proxy", "http://proxy:port"),
        ("HF_TOKEN", "hf_漢"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(variable, value, serve, online, monkeypatch):
    online(serve(Down) if variable == "HF_TOKEN" else "https://hub.example")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv(variable, value)
    with pytest.raises(AuroreError, match=rf"ne peut partir \(.*\. Voyez .*{variable}"):
        choice.base_model("auteur/nom")


def test_a_hub_that_does_not_know_the_default_model_does_not_stop_the_workshop(serve, online, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    online(serve(hub_serving(tmp_path / "empty")))
    assert choice.base_model(NAME) == settings.MINI
    assert "ne connaît pas de modèle de ce nom" in capsys.readouterr().err
