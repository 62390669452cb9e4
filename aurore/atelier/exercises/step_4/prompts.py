"""Les amorces (4.2)."""

import re

from atelier.exercises.calls import Wrong, call, reject, show
from atelier.exercises.french import is_french
from atelier.text.sentence_ends import ends_a_sentence

ERRORS = {
    r"NameError: .*name '(?!prompts?'|console')(\w+)'": "`{0}` n'existe pas ici : un texte s'écrit entre guillemets."
}


def exercise_2(two_prompts, solution) -> None:
    result, example = call(two_prompts, errors=ERRORS), solution()
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
    if isinstance(prompts, tuple):
        raise Wrong(
            "C'est un tuple (des valeurs séparées par une virgule) : il faut une liste, entre crochets.",
            result.call,
            show(prompts),
            show(example),
        )
    if not isinstance(prompts, list):
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
    for prompt in prompts:
        if NOT_A_BEGINNING.fullmatch(prompt.strip()):
            mistake = f"« {prompt.strip()} » n'est pas un début de phrase : écrivez ce que le modèle continuera."
        elif not is_french(prompt):
            mistake = f"« {prompt.strip()} » n'est pas du français : le modèle ne sait continuer que cette langue."
        elif re.search(r"(?<!\.)\.$", prompt.strip()) and ends_a_sentence(prompt.strip()):
            mistake = f"« {prompt.strip()} » est une phrase finie, par son point : il faut un début, que le modèle continuera."
        else:
            continue
        raise Wrong(mistake, result.call, show(prompts), show(example))


NOT_A_BEGINNING = re.compile(
    r"(?:(?:(?:première?|seconde?|deuxième|ma|mon) )?(?:prompt|amorce|texte?|phrase|début|exemple|test|toto|foo|bar)\W*\d*|[a-z]|\d+)",
    re.IGNORECASE,
)
