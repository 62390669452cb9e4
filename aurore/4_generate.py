"""Étape 4 : le modèle écrit.

On lui donne quelques mots, l'amorce ; il propose une probabilité pour chaque token du vocabulaire,
on en tire un, on l'ajoute au texte, et l'on recommence.
"""

import random
from pathlib import Path

import atelier.quiet  # avant TensorFlow, pour taire ses messages

from transformers import (
    AutoConfig,
    AutoTokenizer,
    Pipeline,
    PretrainedConfig,
    TFAutoModelForCausalLM,
    TFPreTrainedModel,
    pipeline,
)

from atelier import console, launch, models
from atelier.models import sampling, vocabulary
from atelier.models.sampling import Sampling
from atelier.writing import comparison, explanation, generation


def load_model(model_folder: Path) -> tuple[PretrainedConfig, TFPreTrainedModel]:
    """La configuration d'un modèle, et ce modèle avec ses poids.

    Ici, `TFAutoModelForCausalLM` renvoie `atelier.models.gpt2.GPT2` : le même, qui écrit plus vite.
    """
    # TODO 4.1 : Charger, et renvoyer, la configuration de `model_folder`, puis le modèle de langue
    # (« causal LM ») qu'elle décrit.
    # À utiliser : AutoConfig.from_pretrained, TFAutoModelForCausalLM.from_pretrained
    console.todo("4.1")


def two_prompts() -> list[str]:
    """Ce que le modèle continuera, si `--prompt` ne dit rien d'autre."""
    # TODO 4.2 : Une liste de deux amorces : des débuts de phrase.
    # À utiliser : une liste de deux chaînes
    prompts = console.todo("4.2")
    return prompts


def write(pipe: Pipeline, prompts: list[str], **sampling) -> list[list[dict]]:
    """Ce que le pipeline propose pour chaque amorce.

    Le pipeline coupe l'amorce en tokens, appelle le réseau, et rend du texte. `sampling` : la
    longueur et les réglages du tirage, à lui transmettre.
    """
    # TODO 4.3 : Appeler `pipe` sur les amorces, avec les réglages de `sampling`.
    # À utiliser : pipe(prompts, **sampling)
    outputs = console.todo("4.3")
    return outputs


def get_text(output: list[dict]) -> str:
    """Le texte d'une réponse du pipeline : une liste de propositions, dont on garde la première."""
    return output[0]["generated_text"]


def print_texts(outputs: list[list[dict]]) -> None:
    """Montre les textes, une ligne vide entre deux."""
    # TODO 4.4 : Afficher le texte de chaque réponse, l'un après l'autre : `get_text` l'y trouve.
    # À utiliser : for, print, get_text
    console.todo("4.4")


def chosen(options) -> dict:
    """Les réglages du tirage, tels qu'on les a demandés."""
    names = ("temperature", "top_p", "top_k", "max_new_tokens")
    return {name: getattr(options, name) for name in names}


def compare(options) -> None:
    """Le modèle de base et le modèle entraîné, face à face, avec la même graine."""
    comparison.compare(options.prompt, options.seed, **chosen(options))
    tell_seed(options)


def explain(options) -> None:
    """Comment chaque réglage change les probabilités, token par token."""
    pipe = generation.load_pipeline(models.model_to_write())
    sampling = Sampling(options.temperature, options.top_p, options.top_k)
    print(explanation.explain(pipe, options.explain, sampling))


def tell_seed(options) -> None:
    """La graine : sans elle, un beau texte ne se retrouverait pas."""
    console.tell(f"Graine {options.seed} : pour retrouver ces textes, --seed {options.seed}.")


def tell_quotations(outputs: list[list[dict]], model_folder: Path) -> None:
    """Ce qui, dans chaque texte, est déjà dans les livres que le modèle a lus."""
    from atelier.writing import originality  # ici : une seconde de moins pour qui ne demande rien

    originality.tell_quotations([get_text(output) for output in outputs], model_folder)


def parse_options():
    parser = console.argument_parser(
        "Étape 4 : continue des amorces avec le dernier modèle entraîné."
    )
    parser.add_argument(
        "--prompt",
        action="append",
        metavar="TEXTE",
        help="une amorce à continuer (option répétable)",
    )
    parser.add_argument(
        "--temperature",
        type=console.number_option(float, minimum=0),
        default=sampling.TEMPERATURE,
        metavar="T",
        help="audace du tirage : 0, toujours le token le plus probable ; 1, les probabilités du "
        "modèle (%(default)s par défaut)",
    )
    parser.add_argument(
        "--top-p",
        type=console.number_option(float, above=0, maximum=1),
        default=sampling.TOP_P,
        metavar="P",
        help="ne tirer que parmi les tokens les plus probables, pris un à un jusqu'à ce que leurs "
        "probabilités fassent P en tout, de 0 à 1 (%(default)s par défaut)",
    )
    parser.add_argument(
        "--top-k",
        type=console.number_option(int, minimum=0),
        default=sampling.TOP_K,
        metavar="K",
        help="ne tirer que parmi les K tokens les plus probables ; 0, sans limite "
        "(%(default)s par défaut)",
    )
    parser.add_argument(
        "--max-new-tokens",
        type=console.number_option(int, minimum=1),
        default=sampling.MAX_NEW_TOKENS,
        metavar="N",
        help="longueur de la suite, en tokens (%(default)s par défaut)",
    )
    parser.add_argument(
        "--seed",
        type=console.number_option(int, 0, 2**32 - 1),
        default=random.randrange(10_000),
        metavar="N",
        help="graine du hasard : avec la même, on retrouve le même texte (tirée au hasard sinon)",
    )
    parser.add_argument(
        "--compare",
        action="store_true",
        help="le modèle de base et le modèle entraîné face à face : les mots qu'ils attendent, et "
        "leurs textes",
    )
    parser.add_argument(
        "--explain",
        metavar="PHRASE",
        help="montre comment chaque réglage change les probabilités, token par token",
    )
    parser.add_argument(
        "--originality",
        action="store_true",
        help="montre la plus longue suite de mots que chaque texte reprend telle quelle d'un livre "
        "déjà lu",
    )
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    if options.compare:
        return compare(options)
    if options.explain is not None:
        return explain(options)

    model_folder = models.model_to_write()
    config, model = load_model(model_folder)
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    vocabulary.set_end_of_text(model, tokenizer)
    pipe = pipeline("text-generation", model=model, tokenizer=tokenizer)

    prompts = [
        generation.check_prompt(prompt, pipe, options.max_new_tokens)
        for prompt in options.prompt or two_prompts()
    ]
    draft = generation.Draft(tokenizer)  # un écran montre les textes pendant qu'ils s'écrivent
    generation.seed_everything(options.seed)
    sampling = generation.sampling_options(**chosen(options))
    outputs = write(pipe, prompts, **sampling, streamer=draft, tokenizer=tokenizer)
    draft.end_all()
    tell_seed(options)
    print_texts(outputs)
    if options.originality:
        tell_quotations(outputs, model_folder)


if __name__ == "__main__":
    launch.run(main)
