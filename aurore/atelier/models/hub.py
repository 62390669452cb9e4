"""Le hub Hugging Face : savoir en quinze secondes s'il répond, et rapporter un modèle entier malgré les coupures.

`from_pretrained("auteur/modele")` essaie six fois chaque fichier : hors ligne, il fait attendre plusieurs minutes
avant d'échouer, même quand tout est déjà dans le cache. On décide donc ici, une seule fois, et l'on charge ensuite
un dossier.
"""

import os
import threading
import time
from pathlib import Path

import requests
from huggingface_hub import constants, get_hf_file_metadata, hf_hub_download, hf_hub_url, try_to_load_from_cache
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)
from huggingface_hub.utils import (
    are_progress_bars_disabled,
    build_hf_headers,
    disable_progress_bars,
    enable_progress_bars,
)

from atelier import proxies
from atelier.console import number, tell, variable
from atelier.errors import AuroreError

PROBE_SECONDS = 10  # avec les imports du script, la décision est prise en quinze secondes
TRIES = 5
WEIGHTS = "model.safetensors"
REQUIRED = ("config.json", "tokenizer.json")
OPTIONAL = ("tokenizer_config.json", "special_tokens_map.json", "vocab.json", "merges.txt", "generation_config.json")

SETTINGS = ("HF_ENDPOINT", "HF_TOKEN", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "http_proxy", "https_proxy", "all_proxy")
CUT = (
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ConnectionError,
    requests.exceptions.Timeout,
    LocalEntryNotFoundError,
)


class Unavailable(AuroreError):
    """Le hub ne donnera pas ce modèle : pourquoi (un bout de phrase), et que faire."""

    def __init__(self, reason: str, remedy: str = "Réessayez avec une connexion"):
        super().__init__(reason)
        self.remedy = remedy


def cached_folder(model_id: str) -> Path | None:
    """Le dossier du modèle dans le cache du hub, s'il y est entier (les poids arrivent en dernier)."""
    try:
        files = [try_to_load_from_cache(model_id, name) for name in (*REQUIRED, WEIGHTS)]
    except HFValidationError:  # un nom qui n'est pas de ceux du hub
        return None
    return Path(files[-1]).parent if all(isinstance(file, str) for file in files) else None


def probe(model_id: str) -> None:
    """Demande au hub un seul petit fichier, et n'attend pas plus de `PROBE_SECONDS`. Lève `Unavailable` s'il ne le donne pas.

    Un jeton périmé (HF_TOKEN) fait refuser même un modèle public : on s'en passe alors, ici et pour tout ce qui suit.
    """
    if constants.HF_HUB_OFFLINE:
        raise Unavailable("HF_HUB_OFFLINE interdit d'interroger le hub")
    answer = _ask(model_id)
    if answer is not None and answer.status_code in (401, 403) and "authorization" in build_hf_headers():
        tell("Le hub refuse votre jeton (HF_TOKEN) : est-il périmé ? On s'en passera.")
        constants.HF_HUB_DISABLE_IMPLICIT_TOKEN = True  # le client du hub lit ce réglage à chaque requête
        answer = _ask(model_id)
    if answer is None or answer.status_code >= 500:
        raise Unavailable(f"{constants.ENDPOINT} ne répond pas{proxies.who_answers(constants.ENDPOINT)}")
    if answer.status_code == 429:
        raise Unavailable(f"{constants.ENDPOINT} demande d'attendre (trop de requêtes depuis cette salle)")
    if answer.status_code == 407 or answer.status_code == 403 and proxies.proxy_of(constants.ENDPOINT):
        raise Unavailable(f"{constants.ENDPOINT} refuse la demande{proxies.who_answers(constants.ENDPOINT)}")
    if answer.status_code in (401, 403, 404):
        raise Unavailable(
            f"{constants.ENDPOINT} ne connaît pas de modèle de ce nom (ou il est privé)",
            "Vérifiez son nom : un modèle du hub (« auteur/nom »), un dossier, ou « mini »",
        )
    if not any("X-Repo-Commit" in each.headers for each in (*answer.history, answer)):
        raise Unavailable(
            f"ce qui répond à la place de {constants.ENDPOINT} n'est pas le hub (portail du wifi ?){proxies.who_answers(constants.ENDPOINT)}"
        )


def _ask(model_id: str) -> requests.Response | None:
    """Ce que le hub répond de ce modèle ; None s'il n'a rien répondu à temps. Lève `Unavailable` si la demande ne peut partir."""
    url, answers, failures = hf_hub_url(model_id, "config.json"), [], []

    def ask() -> None:
        try:
            answers.append(requests.head(url, headers=build_hf_headers(), timeout=PROBE_SECONDS, allow_redirects=True))
        except Exception as error:
            failures.append(error)

    # Dans un fil à part : aucun délai de `requests` ne couvre la recherche du nom de la machine.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PROBE_SECONDS)
    for error in failures:
        # Un réseau muet est une RequestException. Un réglage qui n'a pas de sens (un certificat absent, une adresse mal écrite)
        # est une OSError, une ValueError, ou les deux à la fois.
        if isinstance(error, ValueError) or not isinstance(error, requests.exceptions.RequestException):
            chosen = " ou ".join(name for name in SETTINGS if os.environ.get(name) or os.environ.get(name.upper()))
            raise Unavailable(
                f"la demande à {constants.ENDPOINT} ne peut partir ({error})", f"Voyez {chosen or 'AURORE_MODEL'}"
            ) from error
        if isinstance(error, requests.exceptions.SSLError):
            raise Unavailable(
                f"{constants.ENDPOINT} n'a pas le bon certificat (un proxy qui lit les connexions ? l'horloge de cet ordinateur ?)",
                "Donnez le certificat de ce proxy par la variable REQUESTS_CA_BUNDLE",
            ) from error
    return answers[0] if answers else None


def download(model_id: str) -> Path:
    """Le dossier du modèle, téléchargé dans le cache ; une coupure reprend là où elle s'est faite.

    Lève `AuroreError` si le modèle n'a pas ce qu'il faut, ou si la connexion coupe trop souvent.
    """
    try:
        size = get_hf_file_metadata(hf_hub_url(model_id, WEIGHTS)).size
        tell(
            f"Téléchargement de {model_id}, sur le hub (le catalogue de modèles de Hugging Face) : {number(size / 1e6)} Mo, "
            f"une seule fois. Pour s'en passer : Ctrl-C, puis recommencer avec le petit modèle embarqué ({variable('AURORE_MODEL', 'mini')})."
        )
        for name in REQUIRED:
            _download_file(model_id, name, progress=False)
        for name in OPTIONAL:
            try:
                _download_file(model_id, name, progress=False)
            except LocalEntryNotFoundError:  # c'est la connexion qui manque, non le fichier
                raise
            except EntryNotFoundError:
                pass
        return Path(_download_file(model_id, WEIGHTS, progress=True)).parent
    except LocalEntryNotFoundError as error:  # une sorte d'EntryNotFoundError
        raise _interrupted(model_id) from error
    except (EntryNotFoundError, RepositoryNotFoundError) as error:
        raise AuroreError(
            f"{model_id} n'a pas, sur le hub, tous les fichiers qu'il faut ({', '.join((*REQUIRED, WEIGHTS))}). "
            f"Choisissez un autre modèle, par exemple mini : {variable('AURORE_MODEL', 'mini')}."
        ) from error
    except (requests.exceptions.RequestException, HfHubHTTPError) as error:
        raise _interrupted(model_id) from error


def _interrupted(model_id: str) -> AuroreError:
    return AuroreError(
        f"Le téléchargement de {model_id} s'est interrompu. Ce qui est arrivé est gardé : relancez la même commande pour "
        f"continuer, ou passez-vous-en avec {variable('AURORE_MODEL', 'mini')}."
    )


def _download_file(model_id: str, name: str, progress: bool) -> str:
    """Un fichier du hub ; le client ne recommence pas de lui-même un téléchargement coupé au milieu."""
    hidden = not progress and not are_progress_bars_disabled()
    if hidden:
        disable_progress_bars()
    try:
        for attempt in range(1, TRIES + 1):
            try:
                return hf_hub_download(model_id, name)
            except CUT as error:
                if attempt == TRIES:
                    raise
                tell(f"Connexion coupée ({type(error).__name__}) ; reprise, tentative {attempt + 1} sur {TRIES}.")
                time.sleep(2**attempt)
    finally:
        if hidden:
            enable_progress_bars()
