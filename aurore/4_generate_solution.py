"""Étape 4 : le modèle écrit.

On lui donne quelques mots, l'amorce ; il propose une probabilité pour chaque token du vocabulaire, on en tire un, on
l'ajoute au texte, et l'on recommence.
"""

import atelier.quiet  # noqa: F401  (avant TensorFlow, pour taire ses messages)
from transformers import AutoConfig, AutoTokenizer, TFAutoModelForCausalLM, pipeline

from atelier import console, generation, models

PROMPTS = ["Cette jeune femme était assise", "Le soir, elle se rappelait"]  # 4.2


def parse_options():
    parser = console.argument_parser("Étape 4 : continue des amorces avec le dernier modèle entraîné.")
    parser.add_argument("--prompt", action="append", metavar="TEXTE", help="une amorce à continuer (option répétable)")
    parser.add_argument(
        "--temperature", type=console.number(float, minimum=0), default=generation.TEMPERATURE, metavar="T",
        help="audace du tirage : 0, toujours le plus probable ; 1, les probabilités du modèle (%(default)s par défaut)",
    )  # fmt: skip
    parser.add_argument(
        "--top-p", type=console.number(float, above=0, maximum=1), default=generation.TOP_P, metavar="P",
        help="tirer parmi les plus probables, qui font ensemble la part P (%(default)s par défaut)",
    )  # fmt: skip
    parser.add_argument(
        "--top-k", type=console.number(int, minimum=0), default=generation.TOP_K, metavar="K",
        help="tirer parmi les K plus probables ; 0, sans limite (%(default)s par défaut)",
    )  # fmt: skip
    parser.add_argument(
        "--max-new-tokens", type=console.number(int, minimum=1), default=generation.MAX_NEW_TOKENS, metavar="N",
        help="longueur de la suite, en tokens (%(default)s par défaut)",
    )  # fmt: skip
    parser.add_argument("--seed", type=console.number(int, 0, 2**32 - 1), metavar="N", help="graine du hasard, pour retrouver un texte")
    return parser.parse_args()


def get_text(output: list[dict]) -> str:
    """4.4 Le texte d'une réponse du pipeline : une liste de propositions, dont on garde la première."""
    return output[0]["generated_text"]


def main() -> None:
    options = parse_options()

    MODEL_NAME = str(models.model_to_write())
    config = AutoConfig.from_pretrained(MODEL_NAME)  # 4.1
    model = TFAutoModelForCausalLM.from_pretrained(MODEL_NAME, config=config)
    tokenizer = AutoTokenizer.from_pretrained(MODEL_NAME)
    models.set_end_of_text(model, tokenizer)
    pipe = pipeline("text-generation", model=model, tokenizer=tokenizer)

    prompts = [generation.check_prompt(prompt, pipe, options.max_new_tokens) for prompt in options.prompt or PROMPTS]
    sampling = generation.sampling(
        options.temperature, options.top_p, options.top_k, options.max_new_tokens, options.seed
    )
    outputs = pipe(prompts, **sampling)  # 4.3
    for output in outputs:
        print(get_text(output), end="\n\n")


if __name__ == "__main__":
    console.run(main)
