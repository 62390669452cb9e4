"""Le modèle : lequel (`choice`), où le trouver (`hub`), son vocabulaire, son réseau (`gpt2`), et comment il écrit vite (`decoder`)."""

from atelier.models.choice import base_model, model_to_write

__all__ = ["base_model", "model_to_write"]
