"""Un texte qui s'écrit seul, sans la boucle de la page : ce à quoi l'on compare ceux qui s'écrivent ensemble."""

from collections.abc import Iterator

from atelier.models.continuation import Text
from atelier.writing.streaming import Batch, Token


def stream(model, tokenizer, text: Text) -> Iterator[Token]:
    """Les tokens de `text`, à mesure qu'ils s'écrivent. Fermer l'itérateur arrête le calcul. Lève `ValueError` comme `Batch.join`."""
    batch = Batch(model.decoder)
    batch.join(text)

    def tokens() -> Iterator[Token]:
        while not text.finished:
            for _, token in batch.step():
                yield token

    return tokens()
