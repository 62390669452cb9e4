"""Étape 5 : la page web.

Où le réseau est-il appelé, et lequel ? La réponse est dans `generate()`.
"""

import threading

import atelier.quiet  # noqa: F401  (avant TensorFlow, pour taire ses messages)
from flask import Flask, render_template, request

from atelier import console, generation, settings, web

app = Flask(__name__, template_folder=web.TEMPLATES, static_folder=web.STATIC)
one_at_a_time = threading.Lock()  # le réseau n'écrit qu'un texte à la fois


@app.get("/")
def index():
    return render_template("index.html")


@app.route("/generate", methods=["GET", "POST"])
def generate():
    amorce, text, error = request.form.get("amorce", ""), None, None
    if request.method == "POST":
        try:
            pipe = app.config["PIPELINE"]
            prompt = generation.check_prompt(amorce, pipe, generation.MAX_NEW_TOKENS)
            with one_at_a_time:
                text = pipe(prompt, **generation.sampling())[0]["generated_text"]
        except console.AuroreError as refusal:
            error = str(refusal)
    return render_template("generate.html", amorce=amorce, text=text, error=error), 400 if error else 200


def parse_options():
    parser = console.argument_parser("Étape 5 : la page web, sur cette machine.")
    parser.add_argument(
        "--host", default="0.0.0.0" if settings.IN_CONTAINER else "127.0.0.1", help="adresse d'écoute (%(default)s par défaut)"
    )
    parser.add_argument(
        "--port", type=console.number(int, minimum=1, maximum=65535), default=80 if settings.IN_CONTAINER else 8080,
        metavar="P", help="port d'écoute (%(default)s par défaut)",
    )  # fmt: skip
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    with web.listen(options.host, options.port) as listener:
        app.config["PIPELINE"] = generation.load_pipeline()
        web.serve(app, listener)


if __name__ == "__main__":
    console.run(main)
