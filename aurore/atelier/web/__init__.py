"""La page web, hors de la leçon : ses fichiers, et le serveur qui la montre."""

import errno
import logging
import socket
from pathlib import Path

from flask import render_template
from werkzeug.exceptions import HTTPException
from werkzeug.serving import make_server

from atelier.console import AuroreError
from atelier.settings import DEBUG, IN_CONTAINER

TEMPLATES = str(Path(__file__).with_name("templates"))
STATIC = str(Path(__file__).with_name("static"))


def listen(host: str, port: int) -> socket.socket:
    """Prend le port, avant de charger le modèle : s'il est occupé, autant le savoir tout de suite."""
    try:
        return socket.create_server((host, port), backlog=128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            remedy = f"est déjà pris (une autre page tourne ?) : arrêtez-la, ou choisissez --port {port + 1}"
        elif error.errno in (errno.EACCES, errno.EPERM):
            remedy = "est réservé à l'administrateur : choisissez-en un autre, par exemple --port 8080"
        else:
            remedy = f"ne peut être ouvert sur {host} ({error.strerror or error})"
        raise AuroreError(f"Le port {port} {remedy}.") from error


REFUSALS = {
    404: "Cette page n'existe pas.",
    405: "Cette page ne se demande pas ainsi.",
    413: "Ce texte est trop long : une amorce n'est pas un roman.",
}


def _refuse(error: HTTPException) -> tuple[str, int]:
    """Les erreurs de Flask et de Werkzeug, en français."""
    return render_template("refusal.html", message=REFUSALS.get(error.code, "Quelque chose a échoué ici.")), error.code


def serve(app, listener: socket.socket) -> None:
    """Sert l'application jusqu'à Ctrl-C ou SIGTERM ; dit l'adresse comme on la tape dans un navigateur."""
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024  # octets : une amorce n'est pas un roman
    app.register_error_handler(HTTPException, _refuse)
    logging.getLogger("werkzeug").setLevel(logging.INFO if DEBUG else logging.ERROR)
    host, port = listener.getsockname()[:2]
    server = make_server(host, port, app, threaded=True, fd=listener.fileno())
    address = f"http://localhost{'' if port == 80 else f':{port}'}/"
    note = " (si le conteneur a été lancé avec -p, à l'adresse que ce -p lui donne)" if IN_CONTAINER else ""
    print(f"La page est prête : {address}{note}\nCtrl-C pour l'arrêter.", flush=True)
    try:
        server.serve_forever()
    except (KeyboardInterrupt, SystemExit):
        print("\nPage arrêtée.", flush=True)
    finally:
        server.server_close()
