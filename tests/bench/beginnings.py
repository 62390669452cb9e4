"""De quels débuts l'entraînement change-t-il le plus la suite ?

    python tests/bench/beginnings.py AVANT APRÈS [DÉBUT…]

AVANT, APRÈS : les dossiers d'un modèle de base et d'un modèle qui en a été entraîné, de même tokenizer ; par exemple
`aurore/mini` et une époque des onze livres, `aurore/model/…`. Pour chaque début, le changement de la distribution du token suivant
(divergence de Jensen et Shannon, en bits : 0, aucun ; 1, plus rien de commun), et le mot dont la probabilité a le plus monté.
Les premiers de la table qui se suffisent à eux-mêmes sont dans `aurore/atelier/writing/beginnings.txt`.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "aurore"))

import atelier.quiet

import numpy as np
from transformers import Pipeline

from atelier.console import number
from atelier.models.integrity import checked
from atelier.writing import comparison, generation, next_words

BEGINNINGS = """
La petite
Le petit
La pauvre
Le pauvre
La jeune
La vieille
Le vieux
Le père
La mère
Le grand
La belle
Bénédict
Le meunier
La comtesse
Le comte
La marquise
Madame
Monsieur de
Mademoiselle de
Le roi de
Le château de
La ferme de
Le cœur de
La voix de
Maître
Mon cher ami,
Ma chère enfant,
Mon Dieu,
Ô mon
Pauvre
Quand j'étais enfant,
J'avais dix ans
Je me souviens
Je vous écris
Je t'aime
Ma grand'mère
Mon père
Ce fut alors que
Le soir,
Le soir, au château,
Un matin,
Le lendemain,
La nuit,
Au bord de la rivière,
Dans le jardin,
À Nohant,
À Venise,
La musique
L'amour
La nature
Le peuple
— Ah !
— Eh bien !
— Vous êtes
Il était une fois
Cette jeune femme était assise
Le soir, elle se rappelait
""".strip().splitlines()


def divergence(before: Pipeline, after: Pipeline, prompt: str) -> float:
    """La divergence de Jensen et Shannon (Lin, 1991) des tokens qui peuvent suivre, avant et après, en bits."""
    chances = np.stack([next_words.next_token(pipe.model, pipe.tokenizer, prompt) for pipe in (before, after)])
    possible = chances[:, chances.any(axis=0)]
    return float((possible * np.log2(np.maximum(possible, 1e-300) / possible.mean(axis=0))).sum() / 2)


def main() -> None:
    before, after, *asked = sys.argv[1:]
    pipes = {
        label: generation.load_pipeline(checked(Path(folder)))
        for label, folder in (("avant", before), ("après", after))
    }
    rows = []
    for beginning in asked or BEGINNINGS:
        rows.append(
            (
                divergence(*pipes.values(), beginning),
                beginning,
                max(comparison.before_and_after(pipes, beginning, 12), key=lambda word: word.after - word.before),
            )
        )
    print(f"{'début':<32}{'bits':>6}   le mot qui gagne le plus")
    for bits, beginning, word in sorted(rows, reverse=True):
        print(
            f"{beginning:<32}{number(bits, 3):>6}   {word.word:<16}{comparison.percent(word.before):>8} -> {comparison.percent(word.after)}"
        )


if __name__ == "__main__":
    main()
