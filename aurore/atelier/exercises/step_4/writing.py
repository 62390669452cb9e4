"""Appeler le pipeline (4.3)."""

import functools

from atelier.exercises import learner_code
from atelier.exercises.calls import Wrong, call, reject, show
from atelier.exercises.step_4.samples import tiny_pipeline
from atelier.writing import generation

LENGTHS = (1, 2)


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


TWO_STARS = "`sampling` est un dictionnaire de réglages : écrivez `**sampling`, avec ses deux étoiles."
PIPE_ERRORS = {
    r"TypeError: .*missing .*positional": "`pipe` prend d'abord les amorces, sans leur donner de nom : `pipe(prompts, **sampling)`.",
    r"ValueError: .*chat dicts": "`prompts` est déjà une liste : sans crochets autour.",
    r"ValueError: .*`model_kwargs` are not used by the model: \['(?!sampling)(\w+)'": "`pipe` n'a pas d'option `{0}` : les réglages sont tous dans `**sampling`.",
    r"(?:TypeError|ValueError): .*(?:positional arguments?|`model_kwargs` are not used)": TWO_STARS,
    r"ValueError: .*num_return_sequences": "Une seule proposition par amorce : sans `num_return_sequences`, `**sampling` suffit.",
    r"TypeError: .*got multiple values for keyword argument '(\w+)'": "`{0}` est déjà dans `sampling` : ne le donnez pas une deuxième fois.",
    r"TypeError: .*(?:argument after \*\* must be a mapping|argument after \*\*)": "Les deux étoiles vont devant `sampling`, le dictionnaire des réglages, et devant lui seul.",
    r"AttributeError: .*attribute '?(generate|predict|run|write|call)'?$": "Un pipeline s'appelle comme une fonction, `pipe(…)`, sans méthode.",
    r"TypeError: '\w+' object is not subscriptable": "Des crochets au lieu de parenthèses : un pipeline s'appelle comme une fonction, `pipe(…)`.",
    r"TypeError: .*unsupported operand type\(s\) for (.+): '(\w+)' and '(\w+)'": "`{0}` ne réunit pas les amorces et les réglages : ce sont deux valeurs entre les parenthèses, séparées par une virgule.",
}
CAUSES = {
    r"pipe\(prompts\[\d\], prompts\[": "`pipe` veut la liste entière, en une seule valeur : `prompts`.",
    r"pipe\.(?:model|tokenizer)": "C'est `pipe` lui-même qui s'appelle : il coupe le texte en tokens, écrit la suite, et en refait du texte.",
    r"generated_text|get_text": "N'ôtez rien à ce que `pipe` renvoie : `get_text` y prendra le texte à l'exercice 4.4.",
    r"\(\*prompts": "Sans étoile devant `prompts` : `pipe` veut la liste entière, en une seule valeur.",
    r"(?<![.\w])pipeline\(": "`pipeline` bâtit un pipeline, et `pipe` en est déjà un : c'est lui qu'il faut appeler.",
    r"pipe\((?:\)|\*\*)": "Il manque à `pipe` les amorces : `prompts` d'abord, puis `**sampling`.",
}
SAMPLING = "Les réglages ne sont pas ceux qu'on a reçus : donnez à `pipe` `**sampling`, avec ses deux étoiles."


@functools.cache
def _written(prompts: tuple[str, ...], length: int) -> list[list[dict]]:
    return tiny_pipeline()(list(prompts), **generation.sampling_options(temperature=0, max_new_tokens=length))


def exercise_3(write, _) -> None:
    for prompts, length in zip((["Un matin", "Elle était", "Le soir, il"], ["Où donc"]), LENGTHS):
        pipe, sampling = (Witness(tiny_pipeline()), generation.sampling_options(temperature=0, max_new_tokens=length))
        expected = _written(tuple(prompts), length)
        result = call(write, pipe, prompts, **sampling, errors=learner_code.causes(write, CAUSES) | PIPE_ERRORS)
        followed = all(sampling.items() <= options.items() for options in pipe.options)
        if result.value == expected and followed:
            continue
        mistakes = {
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
        if learner_code.says(write, "return_full_text"):
            raise Wrong(
                "`return_full_text=False` ôte l'amorce de chaque texte : sans cette option.",
                result.call,
                show(result.value),
                show(expected),
            )
        raise Wrong(_misuse(result.value, prompts, followed), result.call, show(result.value), show(expected))


def _misuse(outputs: list, prompts: list[str], followed: bool) -> str:
    """Ce qui ne va pas dans des réponses qui ne sont pas celles du pipeline."""
    if len(outputs) == 1 and isinstance(outputs[0], dict):
        return "Les amorces ont été réunies, ou leur nom donné à leur place : donnez à `pipe` la liste, `prompts`."
    texts = [
        one["generated_text"]
        for output in outputs
        for one in (output if isinstance(output, list) else ())
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
    return "Ces textes ne sont pas la suite des amorces reçues : donnez à `pipe` la liste `prompts`, sans y toucher."
