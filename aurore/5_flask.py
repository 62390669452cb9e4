"""Étape 5 : la page web.

Où le réseau est-il appelé, et lequel ? La réponse est dans `write()`.
"""

from collections.abc import Iterator
from dataclasses import replace

import atelier.quiet  # avant TensorFlow, pour taire ses messages

from flask import Flask, jsonify, render_template, request

from atelier import console, errors, launch, settings
from atelier.web import prose, requests, responses, server
from atelier.web.engine import Engine
from atelier.web.guess import guess
from atelier.web.inside import inside
from atelier.web.probabilities import probabilities
from atelier.web.trainings import trainings
from atelier.writing import comparison

app = Flask(__name__, template_folder=server.TEMPLATES, static_folder=server.STATIC)
server.protect(app)
app.jinja_env.filters["printed"] = prose.printed
app.register_blueprint(trainings)  # /entrainement : les courbes de l'étape 3, à mesure
app.register_blueprint(probabilities)  # ce que le réseau attend après un début
app.register_blueprint(inside)  # /dedans : ce qu'une phrase devient dans le réseau
app.register_blueprint(guess)  # /jeu : deviner le mot suivant, mieux que le réseau


def write(asked: requests.WritingRequest) -> Iterator[tuple[str, dict]]:
    """C'est d'ici que le réseau est appelé : il continue `asked.prompt`, un token à la fois."""
    # La demande attend son tour (Engine.submit). Une boucle, la même pour toute la salle
    # (Engine._turn), lui donne une place, puis appelle le réseau (Decoder.step) : un token de plus
    # à chaque texte, à chaque tour. `events` les rapporte ici, un à un.
    engine = server.engine()
    return responses.events(engine, server.logged(engine.submit(asked)))


@app.get("/")
def index():
    return render_template("index.html")


@app.route("/generate", methods=["GET", "POST"])
def generate():
    """Un formulaire, qui revient avec son texte ; avec JavaScript, `write.js` prend la suite."""
    stories, error = [], None
    if request.method == "POST":
        try:
            asked = requests.from_form(request.form)
            compare = "compare" in request.form
            names = server.engine().compared() if compare else [asked.model]
            together = [write(replace(asked, model=name)) for name in names]
            stories = [
                {"prompt": asked.prompt, **responses.last(events, server.visitor())}
                for events in together
            ]
        except errors.AuroreError as refusal:
            error = refusal
    shown = {"health": server.health(), "asked": request.form, **requests.FIELDS}
    page = render_template("generate.html", stories=stories, error=error, **shown)
    return page, server.status(error) if error else 200


@app.post("/api/generate")
def api_generate():
    """La même chose pour un programme : du JSON ou, avec `stream`, un événement par token."""
    asked = requests.from_json(request.get_data())
    events = write(asked)
    if asked.stream:
        return app.response_class(responses.stream(events), mimetype="text/event-stream")
    return jsonify(responses.last(events, server.visitor()))


@app.get("/healthz")
def healthz():
    health = server.health()
    return jsonify(health), 503 if health["status"] == "stopped" else 200


def parse_options():
    parser = console.argument_parser("Étape 5 : la page web, sur cette machine.")
    parser.add_argument(
        "--host",
        default="0.0.0.0" if settings.IN_CONTAINER else "127.0.0.1",
        help="adresse d'écoute ; 0.0.0.0 ouvre la page à toute la salle (%(default)s par défaut)",
    )
    parser.add_argument(
        "--port",
        type=console.number_option(int, minimum=1, maximum=65535),
        default=80 if settings.IN_CONTAINER else 8080,
        metavar="P",
        help="port d'écoute (%(default)s par défaut)",
    )
    parser.add_argument(
        "--log-texts",
        action="store_true",
        help="écrit aussi dans le journal ce que les visiteurs font écrire",
    )
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    app.config["LOG_TEXTS"] = options.log_texts
    with server.listen(options.host, options.port) as listener:
        server.serve(app, listener, load=lambda: Engine(comparison.available()))


if __name__ == "__main__":
    launch.run(main)
