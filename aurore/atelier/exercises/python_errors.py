"""Les erreurs de Python, dites en français à qui les a faites."""

import re
import traceback
from pathlib import Path

from atelier.settings import STEPS

# Le message de Python (3.11 à 3.13), et ce qu'il veut dire. Les plus précis d'abord.
MEANINGS = (
    (
        r"TabError",
        "Des tabulations et des espaces sont mélangés dans les retraits : n'employez que des espaces, quatre par retrait.",
    ),
    (
        r"IndentationError: expected an indented block",
        "Il manque, sous la ligne qui finit par « : », au moins une ligne en retrait.",
    ),
    (
        r"IndentationError: unindent does not match",
        "Le retrait de cette ligne ne s'aligne avec aucune de celles qui précèdent.",
    ),
    (
        r"IndentationError",
        "Cette ligne est trop à droite, ou celle d'avant trop à gauche : leur retrait ne s'accorde pas.",
    ),
    (r"SyntaxError: '(.)' was never closed", "`{0}` n'est jamais refermé."),
    (r"SyntaxError: unmatched '(.)'", "`{0}` ferme quelque chose qui n'est pas ouvert."),
    (r"SyntaxError: closing parenthesis '(.)' does not match opening parenthesis '(.)'", "`{0}` ne ferme pas `{1}`."),
    (r"SyntaxError: expected ':'", "Il manque « : » à la fin de la ligne."),
    (
        r"SyntaxError: unterminated .*string literal",
        "Un guillemet s'ouvre et ne se referme pas. Une apostrophe dans le texte ? Entourez-le de guillemets doubles.",
    ),
    (
        r"SyntaxError: invalid character '(.)'",
        "Le caractère `{0}` ne convient pas ici : un guillemet, un tiret ou une espace venus d'un traitement de texte ?",
    ),
    (
        r"SyntaxError: invalid non-printable character",
        "Un caractère invisible s'est glissé dans cette ligne : effacez-la et retapez-la.",
    ),
    (
        r"SyntaxError: '(return|yield)' outside function",
        "Ce `{0}` n'est plus dans sa fonction : il lui faut un retrait.",
    ),
    (r"SyntaxError: .*[Pp]erhaps you forgot a comma", "Une virgule oubliée, ou des guillemets ?"),
    (r"SyntaxError: Missing parentheses in call to 'print'", "`print` veut des parenthèses."),
    (
        r"SyntaxError: positional argument follows keyword argument",
        "Une valeur sans nom suit une option nommée : nommez-la aussi, ou mettez-la avant.",
    ),
    (
        r"SyntaxError: .*(?:Non-UTF-8|codec can't decode)",
        "Le fichier n'est pas en UTF-8 : choisissez cet encodage dans votre éditeur, et enregistrez-le de nouveau.",
    ),
    (
        r"(?:Syntax|Value)Error: source code (?:string )?cannot contain null bytes",
        "Le fichier n'est pas en UTF-8, mais sans doute en UTF-16 : choisissez UTF-8 dans votre éditeur, et enregistrez-le de nouveau.",
    ),
    (
        r"SyntaxError: unexpected character after line continuation",
        'Une barre `\\` est hors des guillemets : "\\n" les demande.',
    ),
    (r"SyntaxError: .*Maybe you meant '=='", "Pour comparer, le signe est `==`."),
    (
        r"SyntaxError: invalid syntax",
        "Python ne comprend pas cette ligne : une parenthèse, une virgule ou un guillemet en trop ou oubliés, un mot mal écrit ?",
    ),
    (r"SyntaxError: (.*)", "Python ne comprend pas cette ligne ({0})."),
    (
        r"ModuleNotFoundError: No module named '([\w.]+)'",
        "Le module `{0}` n'existe pas ici : son nom est-il bien écrit ?",
    ),
    (r"ImportError: cannot import name '(\w+)' from '([\w.]+)'", "`{1}` n'a rien qui s'appelle `{0}`."),
    (r"UnboundLocalError: .*'(\w+)'", "`{0}` est employé avant d'avoir reçu une valeur."),
    (
        r"NameError: .*name '(\w+)' is not defined",
        "`{0}` n'existe pas ici : une faute de frappe, un retrait ou un import oublié, des guillemets qui manquent ? Aucune ligne `{0} = …` ne vient avant.",
    ),
    (
        r"AttributeError: 'list' object has no attribute 'join'",
        '`join` est une méthode du séparateur, non de la liste : "…".join(liste).',
    ),
    (
        r"AttributeError: 'NoneType' object has no attribute '(\w+)'",
        "Une valeur est vide (None), et n'a donc pas de `{0}` : elle vient d'une fonction qui ne rend rien.",
    ),
    (
        r"AttributeError: (?:type object|module) '([\w.]+)'.* has no attribute '(\w+)'",
        "`{0}` n'a rien qui s'appelle `{1}`.",
    ),
    (r"AttributeError: '?(\w+)'?.* has no attribute '?(\w+)'?", "Un objet `{0}` n'a rien qui s'appelle `{1}`."),
    (r"IndexError", "Un numéro dépasse la fin de la liste."),
    (r"KeyError: (.*)", "La clé {0} n'existe pas dans ce dictionnaire."),
    (
        r"UnicodeDecodeError",
        "Le fichier n'est pas dans l'encodage demandé : `books.detect_encoding(path)` trouve le bon.",
    ),
    (
        r"FileNotFoundError",
        "Ce fichier, ou ce dossier, n'existe pas : son nom est-il écrit en dur, ou entre guillemets ?",
    ),
    (r"IsADirectoryError|PermissionError", "C'est un dossier, non un fichier, ou il est interdit d'y écrire."),
    (
        r"LookupError: (?s:.*)[Rr]esource",
        "NLTK cherche ici des données à télécharger. `sentence_tokenizer`, en haut du fichier, a déjà les siennes.",
    ),
    (
        r"OSError: .*is designed to be instantiated|TypeError: Auto\w+\.__init__",
        "Cette classe ne s'appelle pas directement : c'est sa méthode `from_pretrained` qui charge.",
    ),
    (
        r"(?:OSError|LocalEntryNotFoundError|HFValidationError)",
        "Ce modèle n'est pas sur cette machine : son nom est-il écrit en dur ? Servez-vous de ce que la fonction reçoit.",
    ),
    (
        r"TypeError: .*'(\w+)' object is not callable",
        "Des parenthèses de trop : un objet `{0}` ne s'appelle pas comme une fonction.",
    ),
    (
        r"TypeError: (?:type )?'(\w+)'(?: object)? is not subscriptable",
        "Ces crochets ne conviennent pas : un objet `{0}` ne se prend pas par numéro. Pour appeler une fonction, ce sont des parenthèses.",
    ),
    (
        r"TypeError: .*indices must be integers(?: or slices)?,? not '?(\w+)'?",
        "Un élément de liste se prend par son numéro (0, 1…), et non par un objet `{0}`.",
    ),
    (
        r"TypeError: unsupported operand type\(s\) for (.+): '(\w+)' and '(\w+)'",
        "`{0}` ne va pas entre un objet `{1}` et un objet `{2}`  : une virgule oubliée, ou des nombres attendus ?",
    ),
    (
        r"TypeError: expected string or bytes-like object(?:, got '(\w+)')?",
        "Il faut ici une chaîne, et c'est un objet `{0}`. `enumerate` donne d'abord le numéro, ensuite la ligne.",
    ),
    (
        r"TypeError: .*requires string as left operand|TypeError: argument of type 're.Pattern'",
        "Un motif n'est pas du texte : `books.START.match(line)`.",
    ),
    (r"TypeError: Population must be a sequence", "`random.sample` veut la liste, puis le nombre."),
    (r"TypeError: object of type '(\w+)' has no len", "Un objet `{0}` n'a pas de longueur."),
    (
        r"TypeError: 'NoneType' object is not subscriptable",
        "Une valeur est vide (None) : elle vient d'une fonction qui ne rend rien (`shuffle` change la liste sur place).",
    ),
    (
        r"TypeError: can only concatenate (\w+) \(not \"(\w+)\"\)",
        "On ne peut pas ajouter un objet `{1}` à un objet `{0}`.",
    ),
    (
        r"TypeError: '(\w+)' object cannot be interpreted as an integer",
        "Il faut ici un nombre entier, et c'est un objet `{0}` : `len(…)` en donne la longueur.",
    ),
    (r"TypeError: '(\w+)' object is not iterable", "Un objet `{0}` ne se parcourt pas, élément après élément."),
    (r"TypeError: .*got multiple values for (?:keyword )?argument '(\w+)'", "L'option `{0}` est donnée deux fois."),
    (r"TypeError: .*unexpected keyword argument '(\w+)'", "L'option `{0}` n'existe pas : vérifiez son nom."),
    (r"TypeError: .*'(\w+)' is an invalid keyword argument", "L'option `{0}` n'existe pas : vérifiez son nom."),
    (
        r"TypeError: .*takes .*positional arguments? but|TypeError: .*takes exactly .*[1-9]\d* given|TypeError: .*expected at most",
        "Il y a trop de valeurs entre les parenthèses d'un appel.",
    ),
    (
        r"TypeError: .*(?:missing .*positional argument|\(0 given\))",
        "Il manque quelque chose entre les parenthèses d'un appel.",
    ),
    (r"TypeError: sequence item \d+: expected str", "`join` ne réunit que des chaînes."),
    (r"TypeError", "Une valeur n'est pas du type qu'il faut."),
    (
        r"ValueError: (?:too many|not enough) values to unpack",
        "Le nombre de noms, à gauche de `=` ou de `in`, n'est pas celui des valeurs : `enumerate` oublié ?",
    ),
    (
        r"ValueError: Sample larger than population",
        "`random.sample` ne peut tirer plus d'éléments qu'il n'y en a : `min(number, len(texts))`.",
    ),
    (r"ValueError: invalid mode", "La deuxième valeur d'`open` est le mode : nommez l'encodage, `encoding=…`."),
    (r"ValueError: I/O operation on closed file", "Le fichier est déjà refermé : lisez-le dans le bloc `with`."),
    (r"ValueError: unknown url type", "Ce n'est pas une adresse : des guillemets de trop autour de `url` ?"),
    (r"ValueError: .* is not in list", "Cette valeur n'est pas dans la liste."),
    (r"ValueError: invalid literal for int", "Ce texte n'est pas un nombre : des guillemets de trop ?"),
    (r"UnsupportedOperation: not readable", '`"w"` ouvre pour écrire, et vide le fichier : ôtez-le.'),
    (r"LookupError: unknown encoding", "Cet encodage n'existe pas : des guillemets de trop ?"),
    (r"RecursionError", "La fonction s'appelle elle-même sans fin."),
    (r"EOFError", "`input` attend qu'on tape au clavier : la réponse doit être dans le fichier."),
    (r"SystemExit", "Le code appelle `exit()` : le script s'arrêterait là. Ôtez cet appel."),
    (
        r"Elsewhere: (.*)",
        "Le code veut se connecter à {0} : un nom, une adresse écrits en dur ? Servez-vous de ce que la fonction reçoit.",
    ),
    (r"NotImplementedError", "Il reste un `NotImplementedError` : remplacez-le par votre code."),
)


def explain(error: BaseException, here: dict[str, str] | None = None) -> str:
    """Ce que l'erreur veut dire et, si elle passe par le fichier de la personne, la ligne en cause.

    `here` : ce que certaines erreurs veulent dire dans cet exercice, {motif : phrase}, qui l'emporte sur `MEANINGS`.
    """
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    text = f"{type(error).__name__}: {said}" if said else type(error).__name__
    frame = learner_frame(error)
    if frame is None and re.match(r"TypeError: .*(?:takes .*positional|missing .*positional|unexpected keyword)", text):
        return "La fonction ne prend plus ce qu'elle doit prendre : rendez-lui sa première ligne d'origine."
    for pattern, meaning in (*(here or {}).items(), *MEANINGS):
        if match := re.match(pattern, text, re.DOTALL):
            return meaning.format(*match.groups()) + _line(error, frame)
    return f"Python s'est arrêté sur une erreur ({text.splitlines()[0]})." + _line(error, frame)


def _line(error: BaseException, frame: traceback.FrameSummary | None) -> str:
    """« (ligne 42 : `return lines.join("\\n")`) » : où, dans le fichier de la personne, l'erreur s'est produite."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f" (ligne {error.lineno}{f' : `{error.text.strip()}`' if error.text else ''})"
    return f" (ligne {frame.lineno} : `{frame.line}`)" if frame else ""


def learner_frame(error: BaseException) -> traceback.FrameSummary | None:
    """Où, dans un stub, l'erreur s'est produite ; None si elle n'y est pas passée."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).stem in STEPS]
    return frames[-1] if frames else None
