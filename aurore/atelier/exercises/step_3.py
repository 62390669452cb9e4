"""Ce que l'on attend des exercices de l'étape 3, et les erreurs qu'on y fait d'habitude."""

import tempfile
from pathlib import Path

from atelier.quiet import keras, tf

from datasets import Dataset, DatasetDict
from transformers import GPT2Config, TFGPT2LMHeadModel

from atelier.exercises.calls import Wrong, call, reject, show


def exercise_1(show_summary, _) -> None:
    for width in (8, 12):
        model = TFGPT2LMHeadModel(GPT2Config(vocab_size=50, n_positions=16, n_embd=width, n_layer=1, n_head=2))
        model.build_in_name_scope()
        result = call(show_summary, model)
        summary = "Total params" in result.printed and "Trainable params" in result.printed
        if not summary and "bound method" in result.printed:
            raise Wrong(
                "`summary` est une méthode : il lui faut des parenthèses pour agir.", result.call, result.printed
            )
        if not summary:
            raise Wrong(
                "Aucun résumé ne s'est affiché : `summary` est une méthode du modèle, qu'il faut appeler, `()` compris.",
                result.call,
                result.printed,
            )
        if str(model.count_params()) not in result.printed.replace(",", ""):
            raise Wrong(
                "Ce n'est pas le résumé du modèle reçu : il est dans `model`.",
                result.call,
                result.printed,
                f"{model.count_params()} paramètres",
            )
        if "empile" not in result.printed:
            raise Wrong(
                "La ligne suivante ne s'exécute plus : `return` sort de la fonction. `summary` affiche de lui-même.",
                result.call,
                result.printed,
            )


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
            result = call(load_data, Path(folder))
            value, expected = result.value, show({split: data[split]["text"][:] for split in data})
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
            rows = [value[split][:] for split in data]
            if rows != [data[split][:] for split in data]:
                sentence = (
                    "Les parties sont mélangées, ou changées : renvoyez-les telles quelles."
                    if word in repr(rows)
                    else "Ce ne sont pas les données de ce dossier : son nom est-il écrit en dur ? Il est dans `folder`."
                )
                raise Wrong(sentence, result.call, show(rows), expected)


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


FIT_ERRORS = {
    r"ValueError: `y` argument is not supported": "Les données de validation se donnent par leur nom : `validation_data=tf_eval_dataset`.",
    r"(?:TypeError|ValueError|AttributeError): .*(?:got multiple values|batch_size|'int' object|'Witness')": "Après les données, chaque option se donne par son nom : `epochs=…`, `callbacks=…`.",
    r"KeyError: 'pop from|ValueError: Unexpected result": "`fit` n'a pas reçu de données : `tf_train_dataset` d'abord.",
    r"AttributeError: 'str' object has no attribute 'set_(?:model|params)'": "`callbacks` attend une liste de fonctions de rappel (callbacks), telles que `saver`, sans guillemets.",
    r"TypeError: .*set_params\(\) missing": "Une classe de fonctions de rappel (callback) est donnée sans ses parenthèses.",
}


def exercise_4(fit, _) -> None:
    for epochs in (2, 1):
        model, saver, other = Model(), Witness(), Witness()
        optimizer = model.optimizer
        train, validation = (
            tf.data.Dataset.from_tensors((tf.ones((1, 1)), tf.fill((1, 1), target))).repeat(number)
            for number, target in ((3, 1.0), (2, 100.0))
        )
        shown = f"fit(model, tf_train_dataset, tf_eval_dataset, {epochs}, saver)"
        result = call(fit, model, train, validation, epochs, saver, other, shown=shown, errors=FIT_ERRORS)
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
            raise Wrong("Le modèle est déjà compilé, par `compile_model` : le recompiler efface ses réglages.", shown)
        if not batches:
            raise Wrong("Le modèle reçu ne s'est pas entraîné : c'est `model` qui doit le faire.", shown, seen)
        done = len(getattr(history, "epoch", []))
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
