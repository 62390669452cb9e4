"""Ce que l'on attend des exercices de l'étape 4, et les erreurs qu'on y fait d'habitude."""

import functools
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path

from atelier.quiet import keras

from transformers import AutoTokenizer, GPT2Config, PretrainedConfig, TFGPT2LMHeadModel, TFPreTrainedModel, pipeline

from atelier import settings
from atelier.exercises.calls import Wrong, call, reject, show
from atelier.models import vocabulary
from atelier.models.export import same_weights, save_model
from atelier.writing import generation

LONG = (
    "Le soleil se levait à peine sur la Vallée-Noire, et déjà la métayère,\ndebout sur le seuil, comptait ses oies. "
    * 3
)


@functools.cache
def tiny_pipeline(width: int = 8):
    """Un pipeline dont le réseau, minuscule, a des poids au hasard : il n'écrit rien qui vaille, mais vite."""
    keras.utils.set_random_seed(settings.SEED)
    tokenizer = AutoTokenizer.from_pretrained(settings.MINI)
    model = TFGPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), n_positions=128, n_embd=width, n_layer=1, n_head=2))
    model.build_in_name_scope()
    vocabulary.set_end_of_text(model, tokenizer)
    return pipeline("text-generation", model=model, tokenizer=tokenizer)


@contextmanager
def model_folder(width: int):
    pipe = tiny_pipeline(width)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        save_model(pipe.model, pipe.tokenizer, Path(folder))
        yield Path(folder), pipe.model


LOAD_ERRORS = {
    r"ImportError": "C'est la classe de PyTorch : celle de TensorFlow commence par TF, `TFAutoModelForCausalLM`.",
    r"HFValidationError: .*Config \{": "`from_pretrained` veut d'abord le dossier du modèle, `model_folder`.",
}


def exercise_1(load_model, _) -> None:
    for width in (8, 12):
        with model_folder(width) as (folder, model):
            result = call(load_model, folder, errors=LOAD_ERRORS)
            if isinstance(result.value, TFPreTrainedModel):
                raise Wrong(
                    "Le modèle est là, la configuration manque : renvoyez les deux, `return config, model`.",
                    result.call,
                    show(result.value),
                    "(config, model)",
                )
            if isinstance(result.value, PretrainedConfig):
                raise Wrong(
                    "La configuration est là, le modèle manque : renvoyez les deux, `return config, model`.",
                    result.call,
                    show(result.value),
                    "(config, model)",
                )
            if not isinstance(result.value, (tuple, list)):
                reject(result, (model.config, model))
            if len(result.value) != 2:
                raise Wrong(
                    f"Il faut deux valeurs, `config, model` ; la fonction en renvoie {len(result.value)}.", result.call
                )
            if mistake := _wrong_model(*result.value, width, model):
                got = f"({', '.join(map(show, result.value))})"
                raise Wrong(mistake, result.call, got, "(<GPT2Config>, <TFGPT2LMHeadModel>)")


def _wrong_model(config, loaded, width: int, model: TFPreTrainedModel) -> str:
    """Ce qui ne va pas dans les deux valeurs renvoyées, quand `model`, de cette largeur, est celui qu'il fallait charger."""
    if isinstance(config, PretrainedConfig) and isinstance(loaded, PretrainedConfig):
        return "Il y a deux configurations, et pas de modèle."
    if isinstance(loaded, PretrainedConfig):
        return "Les deux sont intervertis : d'abord la configuration, ensuite le modèle."
    if not isinstance(config, PretrainedConfig):
        return "Le premier des deux n'est pas une configuration : `AutoConfig.from_pretrained` en renvoie une."
    if not isinstance(loaded, TFPreTrainedModel):
        return "Le second des deux n'est pas un modèle : `TFAutoModelForCausalLM.from_pretrained` en renvoie un."
    if not isinstance(loaded, TFGPT2LMHeadModel):
        return "Ce modèle ne sait pas écrire : il lui manque sa sortie. Il faut `TFAutoModelForCausalLM`."
    if loaded.config.n_embd != width:
        return "Ce n'est pas le modèle demandé : son nom est-il écrit en dur ? Il est dans `model_folder`."
    if getattr(config, "n_embd", 0) != width or type(config) is not type(loaded.config):
        return "Cette configuration n'est pas celle du modèle : `AutoConfig.from_pretrained(model_folder)`."
    if not loaded.built or not same_weights(loaded, model):
        return (
            "Les poids ne sont pas ceux du modèle, mais des nombres au hasard : `from_config` bâtit sans charger, "
            "`from_pretrained` charge."
        )
    return ""


def exercise_2(two_prompts, solution) -> None:
    result, example = call(two_prompts), solution()
    prompts = result.value
    if isinstance(prompts, str):
        raise Wrong(
            "C'est une chaîne : il faut une liste, entre crochets, de deux chaînes.",
            result.call,
            show(prompts),
            show(example),
        )
    if prompts is None and not result.printed:
        raise Wrong(
            "`prompts` ne contient rien (None) : donnez-lui une liste de deux amorces.",
            result.call,
            "None",
            show(example),
        )
    if not isinstance(prompts, (list, tuple)):
        reject(result, example)
    if len(prompts) == 1:
        raise Wrong(
            "Il n'y a qu'une amorce : une virgule oubliée entre les deux, ou hors des guillemets ? Des crochets de trop ?",
            result.call,
            show(prompts),
            show(example),
        )
    if len(prompts) != 2:
        raise Wrong(f"Il faut deux amorces, et il y en a {len(prompts)}.", result.call, show(prompts), show(example))
    if not all(isinstance(prompt, str) for prompt in prompts):
        raise Wrong("Chaque amorce est une chaîne, entre guillemets.", result.call, show(prompts), show(example))
    if not all(any(letter.isalnum() for letter in prompt) for prompt in prompts):
        raise Wrong(
            "Une des amorces est vide : le modèle n'aurait rien à continuer.", result.call, show(prompts), show(example)
        )
    if max(map(len, prompts)) > 500:
        raise Wrong(
            "Une amorce tient en une ligne ou deux : le modèle n'a qu'une page de mémoire.",
            result.call,
            show(prompts),
            show(example),
        )
    if prompts[0].strip() == prompts[1].strip():
        raise Wrong("C'est deux fois la même amorce.", result.call, show(prompts), show(example))


LENGTHS = (2, 3)


class Witness:
    """Le pipeline, qui retient les réglages qu'on lui a donnés, et n'écrit jamais longtemps."""

    def __init__(self, pipe):
        self.pipe, self.options = pipe, []

    def __call__(self, *arguments, **options):
        self.options.append(dict(options))
        options.pop("max_length", None)
        return self.pipe(
            *arguments, **options | {"max_new_tokens": min(options.get("max_new_tokens", LENGTHS[-1]), LENGTHS[-1])}
        )

    def __getattr__(self, name: str):
        return getattr(self.pipe, name)


PIPE_ERRORS = {
    r"(?:TypeError|ValueError): .*(?:positional arguments?|`model_kwargs` are not used).*": "`sampling` est un dictionnaire de réglages : écrivez `**sampling`, avec ses deux étoiles."
}
SAMPLING = "Les réglages ne sont pas ceux qu'on a reçus : donnez à `pipe` `**sampling`, avec ses deux étoiles."


@functools.cache
def _written(prompts: tuple[str, ...], length: int) -> list[list[dict]]:
    return tiny_pipeline()(list(prompts), **generation.sampling_options(temperature=0, max_new_tokens=length))


def exercise_3(write, _) -> None:
    for prompts, length in zip((["Elle était", "Le soir, il", "Un matin"], ["Où donc"]), LENGTHS):
        pipe, sampling = (Witness(tiny_pipeline()), generation.sampling_options(temperature=0, max_new_tokens=length))
        expected = _written(tuple(prompts), length)
        result = call(write, pipe, prompts, **sampling, errors=PIPE_ERRORS)
        followed = all(sampling.items() <= options.items() for options in pipe.options)
        if result.value == expected and followed:
            continue
        mistakes = {
            "`outputs` n'a rien reçu (None). `print` affiche et ne renvoie rien : ôtez-le, gardez ce qu'il entoure.": None,
            "La liste renvoyée est vide : ajoutez-y chaque réponse, `outputs.append(…)`.": [],
            "Une seule amorce a sa suite : donnez à `pipe` toute la liste.": expected[0],
            "Seule la dernière amorce a sa suite : donnez à `pipe` toute la liste.": expected[-1],
            "Une seule réponse est là : il en faut une par amorce.": expected[:1],
            "Les deux premières amorces seulement ont leur suite : il peut y en avoir plus.": expected[:2],
            "Ce sont les textes seuls : renvoyez tout ce que `pipe` renvoie, `get_text` y prendra le texte à l'exercice 4.4.": [
                output[0]["generated_text"] for output in expected
            ],
            "Il manque un niveau de liste : chaque réponse est une liste de propositions. Renvoyez ce que `pipe` renvoie, sans y toucher.": [
                output[0] for output in expected
            ],
            "Ce sont les amorces, sans leur suite : il faut appeler `pipe`.": prompts,
        }
        if named := next((sentence for sentence, wrong in mistakes.items() if result.value == wrong), ""):
            raise Wrong(named, result.call, show(result.value), show(expected))
        if not isinstance(result.value, list):
            reject(result, expected)
        raise Wrong(_misuse(result.value, prompts, followed), result.call, show(result.value), show(expected))


def _misuse(outputs: list, prompts: list[str], followed: bool) -> str:
    """Ce qui ne va pas dans des réponses qui ne sont pas celles du pipeline."""
    if any(not isinstance(output, list) for output in outputs):
        return "Les amorces ont été réunies, ou leur nom donné à leur place : donnez à `pipe` la liste, `prompts`."
    texts = [
        one["generated_text"]
        for output in outputs
        for one in output
        if isinstance(one, dict) and "generated_text" in one
    ]
    if len(texts) != len(outputs):
        return "Ce n'est pas la forme que renvoie `pipe` : renvoyez sa réponse, sans y toucher, une seule fois pour toute la liste."
    if len(texts) != len(prompts):
        return f"Nombre de réponses : {len(texts)}, pour {len(prompts)} amorces. Il en faut une pour chacune."
    if not followed:
        return SAMPLING
    if not all(text.startswith(prompt) for text, prompt in zip(texts, prompts)):
        return "Ces textes ne commencent pas par les amorces reçues : sont-elles bien dans `prompts`, et dans l'ordre ?"
    return SAMPLING


def exercise_4(print_texts, _) -> None:
    for texts in (("Elle était assise.", LONG.strip(), "Le soir tombait."), ("Un matin, il partit.",)):
        outputs = [[{"generated_text": text}] for text in texts]
        errors = {
            r"KeyError|TypeError: (?:list|string) indices": "`get_text` veut une réponse, et non la liste : parcourez `outputs`, et appelez `get_text(output)`.",
            r"AttributeError: 'list'": "`outputs` est une liste de réponses : parcourez-la, et appelez `get_text(output)` sur chacune.",
        }
        result = call(print_texts, outputs, errors=errors)
        # Un texte peut être présenté autrement (numéroté, mis à la largeur de l'écran) : seuls les blancs peuvent y changer.
        found = [list(re.finditer(r"\s+".join(map(re.escape, text.split())), result.printed)) for text in texts]
        places = [match.span() for matches in found for match in matches]
        apart = all("\n" in result.printed[end:start] for (_, end), (start, _) in zip(places, places[1:]))
        raw = "generated_text" in result.printed or f"'{texts[0]}'" in result.printed
        if raw or not apart or places != sorted(places) or any(len(matches) != 1 for matches in found):
            got = result.printed or (
                "rien d'affiché, et rien de renvoyé"
                if result.value is None
                else f"rien d'affiché ; renvoyé : {show(result.value)}"
            )
            raise Wrong(
                _misprint(result, texts, [len(matches) for matches in found], places),
                result.call,
                got,
                "\n\n".join(texts),
            )


def _misprint(result, texts: tuple[str, ...], times: list[int], places: list[tuple[int, int]]) -> str:
    """Ce qui ne va pas dans ce qui s'affiche. `times` : combien de fois chaque texte ; `places` : où."""
    printed = result.printed
    if not printed.strip():
        return "Rien ne s'affiche : " + (
            "il manque `print`." if result.value is None else "c'est `print` qu'il faut, non `return`."
        )
    if "generated_text" in printed:
        return "Ce sont les réponses telles que Python les écrit : `get_text(output)` en donne le texte."
    if re.search(r"<\w+ \w+", printed):
        return "C'est un objet de Python qui s'affiche (`<…>`), non son texte : `get_text(output)` le donne."
    if f"'{texts[0]}'" in printed:
        return "Ces guillemets, ces crochets sont de Python : affichez les textes un par un, avec `print(get_text(output))`."
    if not any(times):
        return "Ce ne sont pas les textes reçus : affichez-les tels que `get_text` les renvoie, depuis `outputs`."
    if times[0] and not any(times[1:]) and len(texts) > 1:
        return "Seul le premier texte s'affiche : une boucle sur `outputs`, qui ne s'arrête pas au premier, les montre tous."
    if times[-1] and not any(times[:-1]) and len(texts) > 1:
        return "Seul le dernier texte s'affiche : `print` est-il dans la boucle, et commence-t-elle au premier ?"
    if not all(times):
        return "Un texte manque, ou n'est pas entier : il peut y en avoir plus de deux, et de longs."
    if max(times) > 1:
        return "Un texte s'affiche plusieurs fois."
    if places != sorted(places):
        return "Les textes ne sont pas dans l'ordre reçu."
    return "Les textes sont sur la même ligne : un `print` pour chacun."
