"""Ce qu'on dit à la personne quand un script ne peut pas continuer."""

from pathlib import Path


class AuroreError(Exception):
    """Une phrase pour la personne : ce qui ne va pas, où, et que faire maintenant."""


class Todo(Exception):
    """Un exercice que la personne n'a pas encore fait : son numéro, et où il se trouve."""

    def __init__(self, number: str, path: Path, line: int):
        super().__init__(f"exercice {number} à faire")
        self.number, self.path, self.line = number, path, line
