"""Le tokenizer, tout entier : le charger, en entraîner un autre, l'enregistrer (2.1, 2.6 et 2.7)."""

import copy
import tempfile
from pathlib import Path
from unittest import mock

from atelier import settings  # isort: skip (avant transformers, dont `atelier` règle l'environnement)

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from atelier.exercises import learner_code, python_errors
from atelier.exercises.calls import Wrong, call, expect_failure, reject, show
from atelier.exercises.step_2.samples import CORPUS, mini_tokenizer, small_tokenizer

SLOW = "Cette classe de tokenizer ne lit pas les fichiers de ce modèle : `AutoTokenizer`, sans `use_fast=False`, choisit la bonne."
NOT_A_TOKENIZER = {
    "Cette classe ne sait pas quel tokenizer bâtir (elle renvoie `False`) : `AutoTokenizer` choisit la bonne.": False,
    "C'est le texte du nom, et non le tokenizer qui porte ce nom : `AutoTokenizer.from_pretrained(…)` le charge.": lambda value: (
        isinstance(value, str)
    ),
}
QUOTED = {r"['\"]model_name['\"]": "`model_name` est entre guillemets : c'est un nom de variable, ôtez-les."}
LOAD_ERRORS = {
    r"TypeError: .*from_pretrained\(\) missing": "`from_pretrained` veut le nom du modèle : il est dans `model_name`.",
    r"NameError: .*name '((?:TF)?AutoModel\w*)'": "`{0}` charge un modèle : pour un tokenizer, c'est `AutoTokenizer`, déjà importé.",
    r"ValueError: Unrecognized model": "Cette classe ne charge pas un tokenizer : c'est `AutoTokenizer` qui le fait.",
    r"TypeError: expected str.*NoneType": SLOW,
    r"AttributeError: .*attribute '?(load\w*|get|open|from_file)'?$": "La méthode qui charge est `from_pretrained`, et non `{0}`.",
    r"TypeError: (?:stat|expected str|not a string|argument of type)": "Ce tokenizer se charge par son nom, une chaîne : `model_name`.",
    r"(?:TypeError|AttributeError|ValueError|OSError|ImportError): .*(?:vocab_file|tokenizer_class|slow tokenizer|tiktoken|sentencepiece|NoneType)": SLOW,
}


def exercise_1(load_tokenizer, _) -> None:
    errors = learner_code.causes(load_tokenizer, QUOTED) | LOAD_ERRORS
    with tempfile.TemporaryDirectory() as other:
        small_tokenizer().save_pretrained(other)
        for name in (other, str(settings.MINI)):
            result = call(load_tokenizer, name, errors=errors)
            if not isinstance(result.value, PreTrainedTokenizerBase):
                if learner_code.says(load_tokenizer, r"use_fast=False"):
                    raise Wrong(SLOW, result.call, show(result.value))
                reject(result, mini_tokenizer(), NOT_A_TOKENIZER)
            own = AutoTokenizer.from_pretrained(name).get_vocab()
            if result.value.get_vocab() != own:
                added = own.items() < result.value.get_vocab().items()
                raise Wrong(
                    "Le vocabulaire a des tokens de plus que celui du modèle, qui ne les connaît pas : n'y ajoutez rien."
                    if added
                    else "Ce n'est pas le tokenizer de ce modèle : le nom est-il écrit en dur ? Il est dans `model_name`.",
                    result.call,
                    f"un vocabulaire de {len(result.value)} tokens",
                    f"un vocabulaire de {len(AutoTokenizer.from_pretrained(name))} tokens",
                )

    missing = str(Path(tempfile.gettempdir(), "aurore-absent"))
    expect_failure(load_tokenizer, missing, why="Quand ce modèle n'existe pas")


NOT_TRAINED = {
    "`save_pretrained` renvoie le nom des fichiers : ici, il faut renvoyer le tokenizer, sans l'enregistrer.": lambda value: (
        isinstance(value, tuple) and any("tokenizer" in str(one) for one in value)
    )
}
TRAIN_ERRORS = {
    r"TypeError: '?str'? object cannot be interpreted as an integer|TypeError: .*argument 'vocab_size'": "La taille du vocabulaire est un nombre : `vocab_size`, sans guillemets.",
    r"TypeError: sequence item": "`batches` se donne tel quel, sans `join`.",
    r"AttributeError: .*(?:has no setter|can't set)": "La taille d'un vocabulaire ne se change pas ainsi : `train_new_from_iterator` en apprend un autre, de cette taille.",
    r"AttributeError: .*'AutoTokenizer'": "`AutoTokenizer` ne sait que charger : c'est `tokenizer`, celui qu'on reçoit, qui en entraîne un nouveau.",
    r"TypeError: .*train_new_from_iterator\(\) missing .*'vocab_size'": "Il manque quelque chose à `train_new_from_iterator` : la taille du vocabulaire, `vocab_size`, vient après les textes.",
    r"TypeError: .*train_new_from_iterator\(\) missing": "Il manque quelque chose à `train_new_from_iterator` : les textes, `batches`, puis la taille, `vocab_size`.",
    r"TypeError: .*(?:unexpected keyword argument|BpeTrainer|got an unexpected)": "Une option n'existe pas : `train_new_from_iterator(batches, vocab_size)` suffit.",
    r"TypeError: .*(?:'int' object is not iterable|not an iterator|'generator'|'list_iterator' object cannot be)": "Les deux valeurs sont interverties : d'abord les textes, `batches`, ensuite la taille, `vocab_size`.",
    r"AttributeError: .*attribute '?(train|train_from_iterator|fit|retrain|train_new)'?$": "`tokenizer` n'a rien qui s'appelle `{0}` : sa méthode est `train_new_from_iterator`.",
    r"TypeError: .*(?:TextInputSequence|TextEncodeInput)": "Ce ne sont pas des textes qu'il reçoit : donnez-lui `batches`, tel quel.",
    r"StopIteration": "`batches` ne se lit qu'une fois : donnez-le tel quel.",
    r"TypeError: '\w*iterator' object is not subscriptable|TypeError: object of type '\w*iterator' has no len": "`batches` n'est pas une liste : il se donne tel quel, et se lit une seule fois.",
}


def exercise_6(retrain, _) -> None:
    for vocab_size in (270, 290):
        result = call(
            retrain, copy.deepcopy(mini_tokenizer()), iter([CORPUS[:2], CORPUS[2:]]), vocab_size, errors=TRAIN_ERRORS
        )
        if not isinstance(result.value, PreTrainedTokenizerBase):
            reject(result, mini_tokenizer(), NOT_TRAINED)
        got = f"un vocabulaire de {len(result.value)} tokens"
        if result.value.get_vocab() == mini_tokenizer().get_vocab():
            raise Wrong(
                "C'est le tokenizer de départ : `train_new_from_iterator` en renvoie un nouveau, c'est lui qu'il faut renvoyer.",
                result.call,
                got,
            )
        if mini_tokenizer().get_vocab().items() < result.value.get_vocab().items():
            raise Wrong(
                "C'est le tokenizer de départ, avec des tokens de plus : `train_new_from_iterator` en apprend un nouveau.",
                result.call,
                got,
            )
        if len(result.value) == len(mini_tokenizer()):
            raise Wrong(
                "Le vocabulaire a la taille de l'ancien : celle qu'il faut est dans `vocab_size`.", result.call, got
            )
        if len(result.value) < vocab_size:
            raise Wrong(
                "Le vocabulaire est plus petit que demandé : trop peu de textes, ou une autre taille ? `batches` ne se lit qu'une fois.",
                result.call,
                got,
                f"un vocabulaire de {vocab_size} tokens",
            )
        if len(result.value) != vocab_size:
            raise Wrong(
                "Le vocabulaire n'a pas la taille demandée : elle est dans `vocab_size`.",
                result.call,
                got,
                f"un vocabulaire de {vocab_size} tokens",
            )
        expected = mini_tokenizer().train_new_from_iterator(
            iter([CORPUS[:2], CORPUS[2:]]), vocab_size, show_progress=False
        )
        if result.value.get_vocab() != expected.get_vocab():
            raise Wrong(
                "Le vocabulaire ne vient pas de tous les textes reçus : ils sont dans `batches`.",
                result.call,
                show(result.value.tokenize(CORPUS[-1])),
                show(expected.tokenize(CORPUS[-1])),
            )


SAVE_ERRORS = {
    r"NotImplementedError": "Cette méthode n'écrit pas tout le tokenizer : `save_pretrained` le fait.",
    r"(?:Exception: .*os error|FileNotFoundError)": "Le dossier `folder` n'existe pas encore : `tokenizer.save_pretrained(folder)` le crée, et y écrit tout ce qu'il faut.",
    r"AttributeError: .*attribute 'save_pretrained'": "Ce n'est pas le tokenizer reçu : `tokenizer.save_pretrained(folder)`.",
    r"AttributeError: .*attribute '?((?:save|dump|write|export|store|to_|push)\w*)'?$": "Un tokenizer n'a rien qui s'appelle `{0}` : pour l'enregistrer, c'est `save_pretrained`.",
    r"TypeError: .*save_pretrained\(\) missing": "`save_pretrained` veut le dossier où écrire : `folder`.",
    r"TypeError: .*(?:save_vocabulary|save)\(\)": "`tokenizer.save_pretrained(folder)` suffit, et écrit tout.",
    r"OfflineModeIsEnabled|Elsewhere": "Cette méthode envoie le tokenizer au hub : pour l'enregistrer ici, `save_pretrained`.",
    r"TypeError: .*(?:pickle|serializ|write\(\) argument)": "Un tokenizer ne s'écrit pas ainsi : `tokenizer.save_pretrained(folder)`.",
}


def _badly_saved(line: str, folder: Path, save_tokenizer) -> str:
    """Ce qui a mal tourné d'après la ligne qui a échoué : celle de la personne, ou l'une des deux qui s'en servent."""
    if line.startswith("with atomic_write"):
        quoted = learner_code.says(save_tokenizer, r"['\"]folder['\"]")
        return "`folder` est entre guillemets : c'est un nom de variable, ôtez-les." if quoted else NOT_WRITTEN
    if line.startswith("return AutoTokenizer.from_pretrained(settings"):
        if inside := [path.parent.name for path in folder.glob("*/tokenizer.json")]:
            return f"Le tokenizer est dans un sous-dossier, « {inside[0]} » : donnez `folder` tel quel à `save_pretrained`."
        return MISSING_FILES
    return (
        "`from_pretrained` relit un tokenizer : pour l'enregistrer, c'est `save_pretrained`."
        if "from_pretrained" in line
        else ""
    )


NOT_WRITTEN = "Rien n'a été écrit dans `folder` : c'est lui qu'il faut donner à `save_pretrained`."
MISSING_FILES = "Il manque des fichiers dans `aurore/tokenizer` : `tokenizer.save_pretrained(folder)` les écrit tous."


def exercise_7(save_tokenizer, _) -> None:
    small = small_tokenizer()
    with (
        tempfile.TemporaryDirectory() as temporary,
        mock.patch.object(settings, "TOKENIZER", Path(temporary, "tokenizer")) as folder,
        mock.patch("atelier.atomic.PAUSE", 0),  # personne d'autre ne tient ce dossier
    ):
        try:
            result = call(save_tokenizer, small, errors=SAVE_ERRORS)
        except Wrong as wrong:
            frame = python_errors.learner_frame(wrong.__cause__) if wrong.__cause__ else None
            if sentence := _badly_saved(frame.line if frame else "", folder, save_tokenizer):
                raise Wrong(sentence, wrong.call) from wrong
            raise
        if not (folder / "tokenizer.json").exists() or not (folder / "tokenizer_config.json").exists():
            raise Wrong(MISSING_FILES, result.call, show(sorted(path.name for path in folder.iterdir())))
        if result.value is small or not isinstance(result.value, PreTrainedTokenizerBase):
            raise Wrong(
                "Pas de `return` ici : la fonction doit aller jusqu'à sa dernière ligne, qui relit le tokenizer.",
                result.call,
                show(result.value),
            )
        if AutoTokenizer.from_pretrained(folder).get_vocab() != small.get_vocab():
            raise Wrong("Le tokenizer enregistré n'est pas celui qui a été reçu.", result.call)
