"""Charger le modèle (4.1)."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

import atelier.quiet

from transformers import PretrainedConfig, TFGPT2LMHeadModel, TFPreTrainedModel

from atelier.exercises import learner_code
from atelier.exercises.calls import Wrong, call, expect_failure, reject, show
from atelier.exercises.step_4.samples import tiny_pipeline
from atelier.models.export import same_weights, save_model


@contextmanager
def model_folder(width: int):
    pipe = tiny_pipeline(width)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        save_model(pipe.model, pipe.tokenizer, Path(folder))
        yield Path(folder), pipe.model


QUOTED = {r"['\"]model_folder['\"]": "`model_folder` est entre guillemets : c'est un nom de variable, ôtez-les."}
LOAD_ERRORS = {
    r"ModuleNotFoundError: .*'torch'": "PyTorch n'est pas là, et il n'en faut pas : `TFAutoModelForCausalLM` s'en passe, sans `from_pt`.",
    r"ImportError": "C'est la classe de PyTorch : celle de TensorFlow commence par TF, `TFAutoModelForCausalLM`.",
    r"HFValidationError: .*Config \{": "`from_pretrained` veut d'abord le dossier du modèle, `model_folder`.",
    r"(?:OSError|ValueError): .*(?:SavedModel|File format not supported|\.keras)": "`load_model` lit les fichiers de Keras, et ce modèle est de transformers : `TFAutoModelForCausalLM.from_pretrained(model_folder)`.",
    r"NameError: .*name '(keras|tf|torch|tensorflow)'": "`{0}` n'est pas importé ici, et ne sait pas lire ce modèle : `TFAutoModelForCausalLM.from_pretrained(model_folder)`.",
    r"ValueError: Unrecognized configuration class": "Cette classe, ou cette configuration, n'est pas celle d'un modèle de langue : `AutoConfig`, puis `TFAutoModelForCausalLM`.",
    r"TypeError: .*from_pretrained\(\) missing": "`from_pretrained` veut le dossier du modèle, `model_folder`.",
    r"TypeError: .*from_config\(\)": "`from_config` veut une configuration, et ne charge pas les poids : `from_pretrained(model_folder)`.",
    r"AttributeError: .*attribute '?(load|load_model|from_pretrain|load_pretrained|from_disk|load_from_disk|from_folder)'?$": "La méthode qui charge est `from_pretrained`, et non `{0}`.",
}


def exercise_1(load_model, _) -> None:
    errors = learner_code.causes(load_model, QUOTED) | LOAD_ERRORS
    for width in (8, 12):
        with model_folder(width) as (folder, model):
            result = call(load_model, folder, errors=errors)
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
    expect_failure(load_model, folder, why="Quand ce dossier n'existe pas")


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
            "Les poids ne sont pas ceux du modèle, mais des nombres au hasard : bâtir un modèle d'après sa configuration "
            "ne charge rien, `from_pretrained` charge."
        )
    return ""
