"""Ce que dit le code de la personne, quand son résultat ne suffit pas à nommer l'erreur."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable

IN_PLACE = "append clear extend insert remove reverse shuffle sort update".split()


def nothing(function: Callable, printed: str) -> str:
    """La phrase à dire quand la fonction renvoie None. `printed` : ce qu'elle a affiché."""
    returned = [node.value for node in _own_nodes(function) if isinstance(node, ast.Return) and node.value]
    last = _value(function, returned[-1]) if returned else None
    called = getattr(last, "func", None)
    name = getattr(called, "attr", getattr(called, "id", ""))
    if name == "print":
        return "`print` affiche, et ne renvoie rien : gardez ce qu'il entoure, sans lui."
    if name in IN_PLACE:
        return f"`{name}` change la liste sur place, et ne renvoie rien (None) : à la ligne suivante, servez-vous de la liste."
    if returned:
        return "La fonction ne renvoie rien (None) : elle en sort sans passer par `return`, ou ce qui le suit est vide."
    if any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in _own_nodes(function)):
        return "`yield` ne donne ici rien : la fonction doit renvoyer son résultat, avec `return`."
    if printed.strip():
        return "Le résultat s'affiche au lieu d'être renvoyé : `print(…)` ne renvoie rien. Remplacez `print(…)` par `return …`."
    return "La fonction ne renvoie rien : il manque `return`."


def catches(function: Callable) -> bool:
    """Le code de la fonction arrête-t-il des erreurs en chemin ?"""
    return any(isinstance(node, ast.ExceptHandler) for node in _own_nodes(function))


def _value(function: Callable, returned: ast.expr) -> ast.expr:
    """Ce qui est renvoyé ou, si c'est un nom, ce qu'il a reçu en dernier."""
    given = [
        node.value
        for node in _own_nodes(function)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == ast.unparse(returned)
    ]
    return given[-1] if given else returned


def says(function: Callable, pattern: str) -> bool:
    """Le code de la fonction, sans sa docstring ni ses commentaires, contient-il ce motif ?"""
    return any(re.search(pattern, ast.unparse(statement)) for statement in _body(function))


def writes(function: Callable, text: str) -> bool:
    """Ce texte est-il, mot pour mot et entre guillemets, dans le code de la fonction ?"""
    return any(isinstance(node, ast.Constant) and node.value == text for node in _own_nodes(function))


def causes(function: Callable, known: dict[str, str]) -> dict[str, str]:
    """Ce que veut dire toute erreur de la fonction quand son code suffit à le dire ; `known` : {motif du code : phrase}."""
    found = [sentence for pattern, sentence in known.items() if says(function, pattern)]
    return {r"\w+Error": found[0]} if found else {}


def stops_in_loop(function: Callable) -> bool:
    """Un `return` arrête-t-il la boucle à son premier tour, quelle que soit la condition ?"""
    loops = [node for node in _own_nodes(function) if isinstance(node, (ast.For, ast.While))]
    inside = [statement for loop in loops for statement in loop.body]
    inside += [statement for condition in inside if isinstance(condition, ast.If) for statement in condition.orelse]
    return any(isinstance(statement, ast.Return) for statement in inside)


def _body(function: Callable) -> list[ast.stmt]:
    """Les instructions de la fonction, sans sa docstring."""
    try:
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, SyntaxError, TypeError, ValueError):  # ce n'est pas une fonction écrite dans un fichier
        return []
    body = getattr(definition, "body", [])
    return body[1:] if isinstance(definition, ast.FunctionDef) and ast.get_docstring(definition) else body


def _own_nodes(function: Callable) -> list[ast.AST]:
    """Les nœuds du code de la fonction, sans ceux des fonctions qu'elle contient."""
    found, waiting = [], _body(function)
    while waiting:
        node = waiting.pop(0)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            found.append(node)
            waiting += ast.iter_child_nodes(node)
    return found
