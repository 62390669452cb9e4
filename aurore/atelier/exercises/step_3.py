"""Ce que l'on attend des exercices de l'étape 3, et les erreurs qu'on y fait d'habitude."""

import tempfile
from pathlib import Path

from atelier.quiet import keras, tf

from datasets import Dataset, DatasetDict
from transformers import GPT2Config, TFGPT2LMHeadModel

from atelier.exercises import learner_code
from atelier.exercises.calls import Wrong, call, expect_failure, reject, show
from atelier.exercises.shown import contrast, screen

SUMMARY_ERRORS = {
    r"ImportError: .*(?:pydot|graphviz)": "`plot_model` dessine une image, et il lui faut des programmes qui ne sont pas là : `summary` suffit.",
    r"TypeError: .*missing 1 required positional argument: 'self'": "`summary` s'appelle sur le modèle reçu, `model`, et non sur sa classe.",
    r"ValueError: This model has not yet been built": "C'est un autre modèle, vide, que vous résumez : celui qu'il faut est `model`.",
    r"ValueError: .*Layer\.call": "Des parenthèses de trop : `model` est déjà le modèle, `model.summary()` en est le résumé.",
    r"TypeError: 'NoneType' object is not callable": "Des parenthèses de trop : `model.summary()` affiche, et ne renvoie rien.",
}


def exercise_1(show_summary, _) -> None:
    for width in (8, 12):
        model = TFGPT2LMHeadModel(GPT2Config(vocab_size=50, n_positions=16, n_embd=width, n_layer=1, n_head=2))
        model.build_in_name_scope()
        result = call(show_summary, model, errors=SUMMARY_ERRORS)
        summary = "Total params" in result.printed and "Trainable params" in result.printed
        if not summary and "bound method" in result.printed:
            raise Wrong(
                "`summary` est une méthode : il lui faut des parenthèses pour agir.",
                result.call,
                screen(result.printed),
            )
        if not summary:
            raise Wrong(
                "Aucun résumé ne s'est affiché : `summary` est une méthode du modèle, qu'il faut appeler, `()` compris.",
                result.call,
                screen(result.printed),
            )
        if str(model.count_params()) not in result.printed.replace(",", ""):
            raise Wrong(
                "Ce n'est pas le résumé du modèle reçu : il est dans `model`.",
                result.call,
                screen(result.printed),
                f"{model.count_params()} paramètres",
            )
        if "empile" not in result.printed:
            raise Wrong(
                "La ligne suivante ne s'exécute plus : `return` sort de la fonction. `summary` affiche de lui-même.",
                result.call,
                screen(result.printed),
            )


LOAD_DATASET = "`load_dataset` charge des fichiers, ou un jeu du hub : ce que `save_to_disk` a enregistré se relit par `load_from_disk`."
DATA_ERRORS = {
    r"NameError: .*name 'load_dataset'": LOAD_DATASET,
    r"(?:ConnectionError|Dataset\w*Error|OfflineModeIsEnabled|EmptyDatasetError|DataFilesNotFoundError|FileNotFoundError: Couldn't find)": LOAD_DATASET,
    r"TypeError: .*unexpected keyword argument '(\w+)'": "`load_from_disk` n'a pas d'option `{0}` : le dossier suffit, et il faut les trois parties.",
    r"AttributeError: 'DatasetDict'": "Un `DatasetDict` n'a pas cela : renvoyez-le tel que `load_from_disk` le donne, les trois parties ensemble.",
    r"TypeError: '\w*Path' object is not iterable": "`DatasetDict(…)` bâtit, et ne relit rien : `load_from_disk(folder)` relit.",
    r"AttributeError: '\w*Path'": "`folder` n'est qu'un chemin : `load_from_disk(folder)` relit ce qui s'y trouve.",
    r"IsADirectoryError": "`folder` est un dossier, qui se relit par `load_from_disk(folder)`.",
    r"KeyError: .*Invalid key": "Une partie se prend par sa clé, et il les faut toutes : renvoyez ce que `load_from_disk` renvoie.",
    r"FileNotFoundError: .*(?:is neither|not a `?Dataset`? directory|Dataset(?:Dict)?\.load_from_disk|\.arrow|dataset_info|state\.json)": "Ce dossier contient les trois parties ensemble, un `DatasetDict` : `load_from_disk(folder)` sait le relire.",
    r"TypeError: .*(?:load_from_disk|isfile|stat|expected str)": "`load_from_disk` veut le dossier où sont les données : `folder`.",
    r"KeyError: (.*)": "Les données n'ont pas de partie {0} : elles ont train, validation et test, et il les faut toutes.",
}


def exercise_3(load_data, _) -> None:
    for word in ("Soleil", "Chemin"):
        data = DatasetDict(
            {
                split: Dataset.from_dict({"text": [f"{word} {split} {n}" for n in range(9)]})
                for split in ("train", "validation", "test")
            }
        )
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            data.save_to_disk(folder)
            result = call(load_data, Path(folder), errors=DATA_ERRORS)
            value = result.value
            if isinstance(value, Dataset):
                raise Wrong(
                    "Une seule partie est revenue : il faut les trois ensemble, train, validation et test.",
                    result.call,
                    show(value),
                    "<DatasetDict>",
                )
            if not isinstance(value, DatasetDict):
                reject(result, data)
            if value.keys() != data.keys():
                raise Wrong(
                    "Il faut les trois parties, train, validation et test : renvoyez ce que `load_from_disk` renvoie.",
                    result.call,
                    show(list(value)),
                    show(list(data)),
                )
            if any(value[split].format["type"] for split in data):
                raise Wrong(
                    "Le format des données a changé : renvoyez ce que `load_from_disk` renvoie, tel quel.", result.call
                )
            rows, expected = ({split: some[split][:] for split in data} for some in (value, data))
            if rows != expected:
                raise Wrong(
                    _other_data(load_data, rows, expected), result.call, *contrast(*map(_texts, (rows, expected)))
                )
    expect_failure(load_data, Path(folder), why="Quand ce dossier n'existe pas")


def _texts(rows: dict[str, dict]) -> list:
    return [row for part in rows.values() for row in part.get("text", part)]


def _other_data(load_data, rows: dict, expected: dict) -> str:
    """Pourquoi ces données ne sont pas celles du dossier."""
    if all(sorted(map(str, rows[part].get("text", []))) == sorted(expected[part]["text"]) for part in expected):
        return (
            "Les phrases sont mélangées : renvoyez les parties telles quelles, l'étape 3 les lit dans l'ordre du livre."
        )
    if learner_code.says(
        load_data, r"\.(?:filter|map|select|remove_columns|rename_column|sort|train_test_split|take|skip)\("
    ):
        return "Les parties ont changé : renvoyez ce que `load_from_disk` renvoie, tel quel."
    return "Ce ne sont pas les données de ce dossier : son nom est-il écrit en dur ? Il est dans `folder`."


class Witness(keras.callbacks.Callback):
    """Ce qui s'est passé pendant `fit` : le témoin qui tient la place de `saver`."""

    def __init__(self):
        super().__init__()
        self.epochs = self.evaluated = 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1

    def on_test_batch_end(self, batch, logs=None):
        self.evaluated += 1


class Model(keras.Sequential):
    """Un modèle minuscule, qui s'arrête si `epochs` est écrit en dur et démesuré."""

    def __init__(self):
        super().__init__([keras.layers.Dense(1, input_shape=(1,))])
        self.compile("sgd", "mse", run_eagerly=True)
        self.steps = 0

    def train_step(self, data):
        self.steps += 1
        self.stop_training = self.steps > 100
        return super().train_step(data)


RECOMPILED = "Le modèle est déjà compilé, par `compile_model` : le recompiler efface ses réglages."
NAMED = "Après les données, chaque option se donne par son nom : `epochs=…`, `callbacks=…`."
FIT_ERRORS = {
    r"TypeError: 'Witness' object is not callable": "`saver` est déjà une fonction de rappel (callback) : sans parenthèses après lui.",
    r"ValueError: Expected epochs": "Le nombre d'époques n'est pas celui qu'on demande : `epochs=epochs`.",
    r"ValueError: `y` argument is not supported": "Les données de validation se donnent par leur nom : `validation_data=tf_eval_dataset`.",
    r".*No loss found": RECOMPILED,
    r"ValueError: .*validation_split": "Les données de validation sont déjà à part : `validation_data=tf_eval_dataset`, sans `validation_split`.",
    r"TypeError: .*unexpected keyword argument '(\w+)'": "`fit` n'a pas d'option `{0}` : les siennes sont `validation_data`, `epochs` et `callbacks`.",
    r"TypeError: .*(?:'str' object cannot be interpreted|'<=?' not supported between instances of 'str')": "`epochs` veut un nombre : `epochs=epochs`, sans guillemets.",
    r"TypeError: .*'(?:type|method|function|builtin_function_or_method)'": NAMED,
    r"(?:TypeError|ValueError|AttributeError): .*(?:got multiple values|batch_size|'int' object|not supported between|'Witness' object)": NAMED,
    r"KeyError: 'pop from|ValueError: Unexpected result": "`fit` n'a pas reçu de données : `tf_train_dataset` d'abord.",
    r"AttributeError: 'str' object has no attribute 'set_(?:model|params)'": "`callbacks` attend une liste de fonctions de rappel (callbacks), telles que `saver`, sans guillemets.",
    r"AttributeError: '\w+' object has no attribute 'set_(?:model|params)'|TypeError: .*set_(?:params|model)\(\) missing": "`callbacks` attend des fonctions de rappel (callbacks), et il y a là autre chose : `[saver, *others]`.",
    r"AttributeError: .*attribute '?(?:train|training|learn|fit_generator|train_on_dataset)'?$": "Un modèle de Keras s'entraîne par sa méthode `fit`.",
    r"AttributeError: 'str' object|ValueError: Failed to find data adapter": "Ce que `fit` reçoit n'est pas un jeu de données : `tf_train_dataset`, sans guillemets ni liste.",
}


OPTIONS = ("steps_per_epoch", "validation_steps", "initial_epoch")


CAUSES = {
    r"validation_data=\(": "`validation_data` veut un seul jeu de données : `tf_eval_dataset`, sans parenthèses autour.",
    r"\.compile\(": RECOMPILED,
    r"['\"]tf_(?:train|eval)_dataset['\"]": "Un jeu de données est entre guillemets : ôtez-les.",
    r"(?<![.\w])fit\(": "Ce `fit` est la fonction que vous écrivez : c'est celui du modèle, `model.fit(…)`, qu'il faut appeler.",
    r"(?<![.\w])model\(": "Un modèle de Keras s'entraîne par sa méthode `fit` : `model.fit(…)`.",
}


class Broken:
    """Un modèle dont l'entraînement échoue."""

    def fit(self, *_, **__):
        raise RuntimeError("l'entraînement a échoué")


def exercise_4(fit, _) -> None:
    for epochs in (2, 1):
        model, saver, other = Model(), Witness(), Witness()
        optimizer = model.optimizer
        train, validation = (
            tf.data.Dataset.from_tensors((tf.ones((1, 1)), tf.fill((1, 1), target))).repeat(number)
            for number, target in ((3, 1.0), (2, 100.0))
        )
        shown = f"fit(model, tf_train_dataset, tf_eval_dataset, {epochs}, saver)"
        errors = learner_code.causes(fit, CAUSES) | FIT_ERRORS
        result = call(fit, model, train, validation, epochs, saver, other, shown=shown, errors=errors)
        history, batches = result.value, int(model.optimizer.iterations.numpy())
        if history is None and batches:
            raise Wrong(
                "L'entraînement a eu lieu, mais son historique est perdu : `return model.fit(…)`.",
                shown,
                "None",
                "<History>",
            )
        if isinstance(history, dict):
            raise Wrong(
                "Il faut ce que `fit` renvoie, tout entier : la suite du script y prend `history`.",
                shown,
                show(history),
                "<History>",
            )
        if not isinstance(history, keras.callbacks.History):
            reject(result, keras.callbacks.History())
        seen = f"{batches} lots lus, {saver.epochs} époques vues par `saver`, {saver.evaluated} lots évalués"
        if model.optimizer is not optimizer:
            raise Wrong(RECOMPILED, shown)
        if not model.trainable:
            raise Wrong("Le modèle est gelé (`trainable`) : il lit tout, et n'apprend rien.", shown, seen)
        if not batches:
            raise Wrong("Le modèle reçu ne s'est pas entraîné : c'est `model` qui doit le faire.", shown, seen)
        done = len(getattr(history, "epoch", []))
        option = next((option for option in OPTIONS if learner_code.says(fit, option)), "")
        if option and (batches != 3 * done or done != epochs or saver.evaluated != 2 * epochs):
            raise Wrong(
                f"Sans `{option}` : `fit` fait de lui-même toutes les époques, et lit à chacune tous les lots.",
                shown,
                seen,
            )
        if batches == 2 * done:
            raise Wrong(
                "Le modèle s'entraîne sur les données de validation, qui ne doivent servir qu'à l'évaluer.", shown, seen
            )
        if batches > 3 * done and batches % 3 == 0:
            raise Wrong("`fit` répète déjà les époques : pas de boucle autour de lui.", shown, seen)
        if batches != 3 * done:
            raise Wrong(
                "Le modèle s'entraîne sur autre chose que `tf_train_dataset` : donnez-le à `fit`, tel quel.",
                shown,
                seen,
            )
        if done != epochs:
            raise Wrong(
                "Le nombre d'époques n'est pas celui qu'on demande : `epochs=epochs`.",
                shown,
                f"{done} en tout",
                f"{epochs} en tout",
            )
        if not saver.epochs:
            raise Wrong(
                "`saver` n'a rien vu de l'entraînement, donc rien gardé : `callbacks=[saver, *others]`.", shown, seen
            )
        if "val_loss" not in history.history:
            raise Wrong(
                "Le modèle n'est jamais évalué : il manque `validation_data=tf_eval_dataset`.",
                shown,
                seen,
                "une val_loss à chaque époque",
            )
        if saver.evaluated != 2 * epochs or min(history.history["val_loss"]) < 1000:  # la perte, là où l'on attend 100
            raise Wrong(
                "Le modèle n'est pas évalué sur les données de validation, mais sur d'autres : `validation_data=tf_eval_dataset`.",
                shown,
                seen,
            )
    expect_failure(
        fit,
        Broken(),
        train,
        validation,
        1,
        saver,
        shown="fit(…) d'un modèle qui échoue",
        why="Quand l'entraînement échoue",
    )
