"""Le serveur de la page : son adresse, ce qu'il laisse entrer, ce qu'il dit de chaque requête, et son arrêt."""

import errno
import logging
import mimetypes
import os
import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from flask import Flask, Response, current_app, g, jsonify, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server

from atelier.console import tell
from atelier.errors import AuroreError
from atelier.settings import DEBUG, IN_CONTAINER
from atelier.web.engine import Busy, Engine, Sequence

TEMPLATES = str(Path(__file__).with_name("templates"))
STATIC = str(Path(__file__).with_name("static"))
LARGEST_REQUEST = 64 * 1024  # octets : une amorce n'est pas un roman
SLOWEST = 20  # secondes sans un octet, dans un sens ou dans l'autre, au bout desquelles on raccroche
PATIENCE = 8  # secondes laissées aux textes en cours quand la page s'arrête ; Docker en laisse dix
RETRY_AFTER = 5  # secondes

# Rien ne s'exécute ni ne s'affiche qui ne vienne de ce serveur : ni script glissé dans un texte, ni adresse extérieure
# (https://developer.mozilla.org/fr/docs/Web/HTTP/Guides/CSP).
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HOST = re.compile(
    r"(([a-z0-9_-]{1,63}\.){0,20}[a-z0-9_-]{1,63}\.?|\[[0-9a-f:.]{2,45}\])?(:\d{1,5})?", re.ASCII | re.IGNORECASE
)
REFUSALS = {
    404: "Cette page n'existe pas : revenez à la page d'accueil.",
    405: "Cette adresse ne s'ouvre pas de cette façon : revenez à la page d'accueil.",
    408: "La requête n'est pas venue à temps : réessayez.",
    413: "Ce texte est trop long : une amorce n'est pas un roman.",
    500: "Quelque chose a échoué ici : le terminal où tourne l'étape 5 dit quoi.",
}


def listen(host: str, port: int) -> socket.socket:
    """Prend le port, avant de charger le modèle : s'il est occupé, autant le savoir tout de suite."""
    host = host.strip("[]")
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            remedy = f"est déjà pris (une autre page tourne ?) : arrêtez-la, ou choisissez --port {port + 1}"
        elif error.errno in (errno.EACCES, errno.EPERM):
            remedy = "est réservé à l'administrateur : choisissez-en un autre, par exemple --port 8080"
        else:
            remedy = f"ne peut être ouvert sur {host} ({error.strerror or error}) : vérifiez --host"
        raise AuroreError(f"Le port {port} {remedy}.") from error


def address(listener: socket.socket) -> str:
    """L'adresse de la page, comme on la tape dans un navigateur."""
    host, port = listener.getsockname()[:2]
    name = "localhost" if host in ("0.0.0.0", "127.0.0.1", "::", "::1") else f"[{host}]" if ":" in host else host
    place = name if port == 80 else f"{name}:{port}"
    note = " (si le conteneur a été lancé avec -p, à l'adresse que ce -p lui donne)" if IN_CONTAINER else ""
    return f"http://{place}/{note}"


def for_the_room(listener: socket.socket) -> str:
    """Une ligne de plus : l'adresse que tapent les autres, si la page leur est ouverte, et si l'on peut la connaître."""
    host, port = listener.getsockname()[:2]
    if host != "0.0.0.0" or IN_CONTAINER:  # un conteneur ne connaît pas l'adresse de la machine
        return ""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", port))  # rien ne part : le système dit seulement par où cela sortirait
        return f"\nPour les autres, sur le même réseau : http://{probe.getsockname()[0]}:{port}/".replace(":80/", "/")
    return ""


class Handler(WSGIRequestHandler):
    """Celui de Werkzeug, qui raccroche à qui ne dit rien, et ne tient pas de journal : `protect` s'en charge."""

    timeout = SLOWEST
    wbufsize = -1  # un envoi par token, au lieu de quatre

    def run_wsgi(self) -> None:
        """Refuse d'abord un nom d'hôte ou une adresse qui n'en sont pas : Werkzeug et Flask y échoueraient."""
        if HOST.fullmatch(self.headers.get("Host", "")) and self.path.startswith("/"):
            super().run_wsgi()
        else:
            self.send_error(400, explain="Adresse ou nom d'hôte incompréhensible.")

    def version_string(self) -> str:
        return "Aurore"

    def finish(self) -> None:
        with suppress(OSError):  # le visiteur est parti avant la fin
            super().finish()

    def log_request(self, *args) -> None:
        pass  # `protect` le dit mieux ; et celui-ci échoue sur une adresse qui n'en est pas une

    def log(self, type: str, message: str, *args) -> None:
        if DEBUG:
            super().log(type, message, *args)


def without_prefix(wsgi_app: Callable) -> Callable:
    """L'application, telle que la montre un relais (JupyterHub, code-server) qui transmet le sous-chemin sans l'ôter."""

    def relayed(environ: dict, start_response: Callable):
        prefix = environ.get("HTTP_X_FORWARDED_PREFIX", "").rstrip("/")
        if prefix and f"{environ['PATH_INFO']}/".startswith(f"{prefix}/"):
            environ["PATH_INFO"] = environ["PATH_INFO"][len(prefix) :] or "/"
        return wsgi_app(environ, start_response)

    return relayed


def relative_address(endpoint: str, **values) -> str:
    """`url_for`, depuis la page qu'on montre : elle se suit aussi sous un sous-chemin, que seul le navigateur connaît."""
    return "../" * (request.path.count("/") - 1) + url_for(endpoint, **values)[1:] or "./"


def protect(app: Flask) -> None:
    """Les en-têtes de sécurité, les refus en français, et une ligne par requête, sans ce que le visiteur écrit, à moins que
    `LOG_TEXTS` le demande."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST
    app.json.ensure_ascii = False
    # Le registre de Windows dit parfois qu'un script est du texte : le navigateur ne l'exécuterait plus.
    for extension, kind in ((".js", "text/javascript"), (".css", "text/css"), (".svg", "image/svg+xml")):
        mimetypes.add_type(kind, extension)
    app.wsgi_app = without_prefix(app.wsgi_app)
    app.context_processor(lambda: {"url_for": relative_address})

    @app.before_request
    def _start():
        g.start, g.sequences = time.perf_counter(), []

    @app.after_request
    def _finish(response: Response) -> Response:
        response.headers.update(HEADERS)
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        if response.status_code == 503:
            response.headers["Retry-After"] = str(RETRY_AFTER)
        line = f"{request.method} {ascii(request.path[:100])[1:-1]} {response.status_code}"
        start, sequences = g.start, g.sequences

        def log() -> None:
            written = [f" · {len(each.text.ids)} tokens, {each.model_name}" for each in sequences]
            lines = [f"{time.strftime('%H:%M:%S')} {line} {time.perf_counter() - start:.2f} s{''.join(written)}"]
            if app.config.get("LOG_TEXTS"):
                lines += [f"  {ascii(each.request.prompt + each.text.written)[1:-1]}" for each in sequences]
            with suppress(OSError, ValueError):  # la console s'est refermée : la page répond quand même
                tell("\n".join(lines))

        # Ni les feuilles de style, ni ce qu'une page redemande sans cesse.
        if request.endpoint not in ("static", "trainings.state"):
            response.call_on_close(log)  # une suite de tokens finit bien après ses en-têtes
        return response

    @app.errorhandler(HTTPException)
    def _refuse(error: HTTPException):
        sentence = REFUSALS.get(error.code, REFUSALS[500] if error.code >= 500 else "Cette requête ne se comprend pas.")
        if request.path.startswith("/api/"):
            return jsonify(error=sentence), error.code
        return render_template("refusal.html", message=sentence), error.code

    @app.errorhandler(AuroreError)
    def _refuse_request(error: AuroreError):
        sentence = str(error).encode("utf-8", "replace").decode("utf-8")  # elle peut citer la moitié d'un caractère
        reason = "busy" if isinstance(error, Busy) else getattr(error, "reason", "prompt")
        return jsonify(error=sentence, reason=reason, field=getattr(error, "field", "")), status(error)

    @app.errorhandler(ConnectionError)
    def _gone(error: ConnectionError):
        return "", 499  # plus personne pour lire la réponse


def status(error: AuroreError) -> int:
    """Le code HTTP d'un refus : à corriger, ou à réessayer plus tard."""
    return 503 if isinstance(error, Busy) else 400


def serve(app: Flask, listener: socket.socket, load: Callable[[], Engine]) -> None:
    """Sert l'application jusqu'à Ctrl-C ou SIGTERM. `load` charge le modèle, pendant que la page répond déjà.

    Lève l'erreur de `load`, s'il y en a une.
    """
    logging.getLogger("werkzeug").setLevel(logging.INFO if DEBUG else logging.CRITICAL)
    host, port = listener.getsockname()[:2]
    server = make_server(host, port, app, threaded=True, request_handler=Handler, fd=listener.fileno())
    failures: list[Exception] = []

    def prepare() -> None:
        try:
            app.config["ENGINE"] = load()
            print(
                f"La page est prête : {address(listener)}{for_the_room(listener)}\nCtrl-C pour l'arrêter.", flush=True
            )
        except Exception as error:
            failures.append(error)
            server.shutdown()

    print(f"La page s'ouvre : {address(listener)} ; le modèle se charge.", flush=True)
    threading.Thread(target=prepare, daemon=True, name="chargement").start()
    with suppress(SystemExit):  # SIGTERM ; un Ctrl-C, Werkzeug l'attend, et s'arrête
        server.serve_forever(poll_interval=0.1)
    if failures:
        raise failures[0]
    print("\nLa page s'arrête…", flush=True)
    if engine := app.config.get("ENGINE"):
        engine.close(PATIENCE)
        time.sleep(0.2)  # que ceux qu'on a interrompus aient le temps de le dire
    print("Page arrêtée.", flush=True)
    os._exit(0)  # un fil peut être au milieu d'un calcul de TensorFlow, que Python ne sait pas interrompre proprement


def engine() -> Engine:
    """Celui qui fait écrire les modèles. Lève `Busy` tant que le premier se charge."""
    if not current_app.config.get("ENGINE"):
        raise Busy("Le modèle se charge : réessayez dans quelques secondes.")
    return current_app.config["ENGINE"]


def logged(sequence: Sequence) -> Sequence:
    """La demande, que le journal comptera avec la requête en cours."""
    g.sequences.append(sequence)
    return sequence


def visitor() -> socket.socket | None:
    """La connexion de la requête en cours : qui ne lui écrit rien apprend par elle que le visiteur est parti."""
    return request.environ.get("werkzeug.socket")


def health() -> dict:
    """Où en est la page, ce que dit `/healthz` : « loading », « ready », ou « stopped » si plus rien ne peut s'y écrire."""
    engine = current_app.config.get("ENGINE")
    if not engine:
        return {"status": "loading", "models": [], "titles": {}, "writing": 0, "waiting": 0}
    return {
        "status": "ready" if engine.loop.is_alive() else "stopped",
        "models": list(engine.folders),
        "titles": engine.titles,
        "writing": len(engine.writing),
        "waiting": len(engine.waiting),
    }
