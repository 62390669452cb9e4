"""Le vocabulaire d'un modèle : le lire comme un humain, le comparer à un autre, y accorder le modèle."""

from collections.abc import Iterable

import numpy as np

from atelier.console import number, tell, variable
from atelier.errors import AuroreError
from atelier.text.words import LETTERS

PADDED = 128  # des tables ont des lignes en trop, jusqu'à un multiple de 128 : aucun tokenizer n'en connaît les tokens


def readable(tokenizer, ids: list[int]) -> list[str]:
    """Le texte de chaque token, avec son espace de tête ; un caractère coupé en deux garde l'écriture du vocabulaire.

    Un BPE d'octets n'a ni espace ni accent dans son vocabulaire : il écrit chacun des 256 octets avec un caractère
    visible, « Ġ » pour l'espace, « Ã© » pour les deux octets UTF-8 de « é ».
    """
    pieces = []
    for token in tokenizer.convert_ids_to_tokens(ids):
        text = tokenizer.convert_tokens_to_string([token])
        pieces.append(token if "\ufffd" in text else text)
    return pieces


def efficiency(tokenizer, texts: Iterable[str]) -> tuple[float, float]:
    """(tokens par mot, part des mots laissés entiers) sur des textes ; un mot est une suite de lettres."""
    number_of_words = number_of_tokens = whole = 0
    for text in texts:
        # Les bornes de chaque token dans le texte, sans l'espace qu'il peut avoir en tête.
        spans = {
            (start + text[start:end].startswith(" "), end)
            for start, end in tokenizer(text, return_offsets_mapping=True)["offset_mapping"]
        }
        words = [word.span() for word in LETTERS.finditer(text)]
        number_of_words += len(words)
        number_of_tokens += len(spans)
        whole += sum(span in spans for span in words)
    return number_of_tokens / number_of_words, whole / number_of_words


def set_end_of_text(model, tokenizer) -> None:
    """Donne au modèle les identifiants de son tokenizer, le seul endroit où ils sont sûrs.

    La configuration publiée de gpt2-wechsel-french dit 50256 pour la fin de texte, son tokenizer dit 0 : sans ceci,
    le modèle n'arrêterait jamais d'écrire. GPT-2 n'a pas de remplissage (padding) : la fin de texte en tient lieu.
    """
    if not 0 <= model.config.vocab_size - len(tokenizer) < PADDED:
        raise AuroreError(
            f"Ce tokenizer ({number(len(tokenizer))} tokens) n'est pas celui de ce modèle, qui en connaît {number(model.config.vocab_size)} : "
            "leurs fichiers ont été mêlés. Refaites le dossier du modèle, ou choisissez-en un autre : "
            f"{variable('AURORE_MODEL', 'mini')}."
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    for config in (model.config, model.generation_config):
        config.bos_token_id = config.eos_token_id = tokenizer.eos_token_id
        config.pad_token_id = tokenizer.pad_token_id


def adapt_embeddings(model, old_tokenizer, new_tokenizer) -> int:
    """Passe le modèle au vocabulaire d'un nouveau tokenizer ; renvoie le nombre de tokens repris tels quels.

    Un token que l'ancien vocabulaire connaissait garde sa ligne dans la matrice des plongements (embeddings) ; un
    nouveau reçoit la moyenne de ses anciens morceaux. Sinon chaque identifiant désignerait un autre mot qu'avant.
    """
    old_vocabulary, new_vocabulary = old_tokenizer.get_vocab(), new_tokenizer.get_vocab()
    if old_vocabulary == new_vocabulary:
        return len(new_vocabulary)
    old_rows = model.get_input_embeddings().weights[0].numpy()
    rows, kept = np.empty((len(new_tokenizer), old_rows.shape[1]), np.float32), 0
    for token, index in new_vocabulary.items():
        if token in old_vocabulary:
            rows[index], kept = old_rows[old_vocabulary[token]], kept + 1
        else:
            pieces = [piece.id for piece in old_tokenizer.backend_tokenizer.model.tokenize(token)]
            rows[index] = old_rows[pieces].mean(axis=0) if pieces else old_rows.mean(axis=0)
    model.resize_token_embeddings(len(new_tokenizer))
    model.get_input_embeddings().weights[0].assign(rows)
    tell(
        f"Nouveau vocabulaire : {number(kept)} tokens existaient déjà et gardent leurs poids ; {number(len(rows) - kept)} sont nouveaux "
        "et partent de la moyenne de leurs morceaux."
    )
    return kept
