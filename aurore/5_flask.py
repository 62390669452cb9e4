"""Étape 5 : la page web.

Où le réseau est-il appelé, et lequel ? La réponse est dans `write()`.
"""

from collections.abc import Iterator
from dataclasses import replace

import atelier.quiet  # avant TensorFlow, pour taire ses messages

from flask import Flask, jsonify, render_template, request

from atelier import console, errors, launch, settings
from atelier.web import answers, demands, prose, server
from atelier.web.trainings import trainings
from atelier.web.writing import Writer
from atelier.writing import comparison

app = Flask(__name__, template_folder=server.TEMPLATES, static_folder=server.STATIC)
server.protect(app)
app.jinja_env.filters["printed"] = prose.printed
app.register_blueprint(
    trainings
)  # /entrainement : les courbes de l'étape 3, pendant qu'elle tourne


def write(demand: demands.Demand) -> Iterator[tuple[str, dict]]:
    """C'est ici que le réseau est appelé : il continue `demand.prompt`, un token à la fois, avec les textes de toute la salle."""
    writer = server.writer()
    return answers.events(writer, server.noted(writer.ask(demand)))


@app.get("/")
def index():
    return render_template("index.html")


@app.route("/generate", methods=["GET", "POST"])
def generate():
    """Sans JavaScript, un formulaire qui revient avec son texte ; avec, `static/write.js` prend la suite."""
    stories, error = [], None
    if request.method == "POST":
        try:
            asked = demands.from_form(request.form)
            names = server.writer().compared() if "compare" in request.form else [asked.model]
            together = [write(replace(asked, model=name)) for name in names]
            stories = [answers.last(answer, server.visitor()) for answer in together]
        except errors.AuroreError as refusal:
            error = refusal
    context = {"health": server.health(), "asked": request.form, **demands.FIELDS}
    return render_template("generate.html", stories=stories, error=error, **context), server.status(
        error
    ) if error else 200


@app.post("/api/generate")
def api_generate():
    """La même chose pour un programme : du JSON ou, avec `stream`, un événement par token."""
    demand = demands.from_json(request.get_data())
    answer = write(demand)
    if demand.stream:
        return app.response_class(answers.stream(answer), mimetype="text/event-stream")
    return jsonify(answers.last(answer, server.visitor()))


@app.get("/healthz")
def healthz():
    return jsonify(server.health())


def parse_options():
    parser = console.argument_parser("Étape 5 : la page web, sur cette machine.")
    parser.add_argument(
        "--host",
        default="0.0.0.0" if settings.IN_CONTAINER else "127.0.0.1",
        help="adresse d'écoute (%(default)s par défaut)",
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
        server.serve(app, listener, load=lambda: Writer(comparison.available()))


if __name__ == "__main__":
    launch.run(main)
