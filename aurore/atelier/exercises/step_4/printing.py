"""Montrer les textes (4.4)."""

import re

from atelier.exercises import learner_code, python_errors
from atelier.exercises.calls import Wrong, call, show
from atelier.exercises.shown import screen

LONG = (
    "Le soleil se levait à peine sur la Vallée-Noire, et déjà la métayère,\ndebout sur le seuil, comptait ses oies. "
    * 3
)

INSIDE = {  # ce qu'on donne à `get_text`
    r"KeyError: 0": "`get_text` veut une réponse entière, et c'est une de ses propositions qu'il reçoit : parcourez `outputs`.",
    r"TypeError: list indices": "`get_text` veut une réponse, et non la liste : parcourez `outputs`, et appelez `get_text(output)`.",
    r"TypeError: string indices": "`get_text` veut une réponse, et c'est un texte qu'il reçoit : donnez-lui `output`.",
    r"TypeError: 'int' object is not subscriptable": "`get_text` veut une réponse, et c'est un nombre qu'il reçoit : `outputs[number]`, ou une boucle sur `outputs`.",
    r"TypeError: .*not subscriptable": "`get_text` veut une réponse, et c'est autre chose qu'il reçoit : donnez-lui `output`.",
}
OUTSIDE = {  # ce qu'on fait sans elle, ou après elle
    r"KeyError: 0": "Une proposition est un dictionnaire, et ne se prend pas par numéro : `get_text(output)` en donne le texte.",
    r"KeyError: (.*)": "Il n'y a pas de clé {0} dans une réponse : `get_text(output)` en donne le texte.",
    r"TypeError: list indices must be integers or slices, not (?:list|dict)": "`for output in outputs` donne les réponses elles-mêmes, non leurs numéros : `get_text(output)`.",
    r"TypeError: list indices": "Une réponse est une liste de propositions : `get_text(output)` prend la première, et son texte.",
    r"TypeError: string indices": "`get_text` renvoie déjà le texte : sans crochets après lui.",
    r"AttributeError: 'list' object has no attribute '(\w+)'": "Une liste n'a pas de `{0}` : parcourez `outputs`, et appelez `get_text(output)` sur chaque réponse.",
    r"TypeError: .*(?:sequence item|expected str)": "`join` ne réunit que des textes : `get_text(output)` donne celui d'une réponse.",
    r"TypeError: can only concatenate|TypeError: unsupported operand": "Un texte ne s'ajoute qu'à un texte : `get_text(output)` donne celui d'une réponse.",
}


def exercise_4(print_texts, _) -> None:
    for texts in (("Elle était assise.", LONG.strip(), "Le soir tombait."), ("Un matin, il partit.",)):
        outputs = [[{"generated_text": text}] for text in texts]
        try:
            result = call(print_texts, outputs, errors=OUTSIDE)
        except Wrong as wrong:
            frame = python_errors.learner_frame(wrong.__cause__) if wrong.__cause__ else None
            if frame and frame.name == "get_text":
                wrong.mistake = python_errors.explain(wrong.__cause__, INSIDE)
            raise
        # Un texte peut être présenté autrement (numéroté, mis à la largeur de l'écran) : seuls les blancs peuvent y changer.
        found = [list(re.finditer(r"\s+".join(map(re.escape, text.split())), result.printed)) for text in texts]
        places = [match.span() for matches in found for match in matches]
        apart = all("\n" in result.printed[end:start] for (_, end), (start, _) in zip(places, places[1:]))
        raw = "generated_text" in result.printed or f"'{texts[0]}'" in result.printed
        if raw or not apart or places != sorted(places) or any(len(matches) != 1 for matches in found):
            got = screen(result.printed) or (
                "rien d'affiché, et rien de renvoyé"
                if result.value is None
                else f"rien d'affiché ; renvoyé : {show(result.value)}"
            )
            raise Wrong(
                _misprint(result, texts, [len(matches) for matches in found], places),
                result.call,
                got,
                f"les {len(texts)} textes, l'un après l'autre" if len(texts) > 1 else show(texts[0]),
            )


def _misprint(result, texts: tuple[str, ...], times: list[int], places: list[tuple[int, int]]) -> str:
    """Ce qui ne va pas dans ce qui s'affiche. `times` : combien de fois chaque texte ; `places` : où."""
    printed = result.printed
    if not printed.strip():
        if result.value is not None:
            return f"Rien ne s'affiche : c'est `print` qu'il faut, non `{'yield' if hasattr(result.value, '__next__') else 'return'}`."
        called = learner_code.says(result.function, "print")
        return (
            "Rien ne s'affiche : `print` n'est jamais appelé sur un texte."
            if called
            else "Rien ne s'affiche : il manque `print`."
        )
    if "generated_text" in printed:
        return "Ce sont les réponses telles que Python les écrit : `get_text(output)` en donne le texte."
    if re.search(r"<\w+ \w+", printed):
        return "C'est un objet de Python qui s'affiche (`<…>`), non son texte : `get_text(output)` le donne."
    if f"'{texts[0]}'" in printed:
        return "Ces guillemets, ces crochets sont de Python : affichez les textes un par un, avec `print(get_text(output))`."
    if re.search(r"""b['"]""", printed):
        return "Ce sont des octets (`b'…'`) : affichez le texte lui-même, tel que `get_text` le renvoie."
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
