"""Ce que les éditions ajoutent à l'autrice s'en va ; ce qu'elle a écrit reste."""

from atelier.cleaning import clean

EDITION = """

Produced by Some Volunteer and the Online Distributed
Proofreading Team at http://www.pgdp.net


Note de transcription: Les erreurs clairement introduites par le
typographe ont été corrigées.


LE MOULIN

PAR

UNE AUTRICE

PARIS
UN ÉDITEUR
1850

OEUVRES COMPLÈTES

    UN ROMAN              1 vol.
    UN AUTRE              2 --

[Illustration: le moulin
vu du pont]

PRÉFACE

J'ai écrit ceci en _hiver_[1], près du feu.

I

M. de *** entra, vers le soir, dans la salle
basse où la meunière filait.

--Oui.

       *       *       *       *       *

Elle se tut.

[Note 1: L'hiver fut rude.

Et long.]

FIN DU MOULIN.

Du même auteur, en vente chez l'éditeur, un roman admirable.
"""


def test_an_edition_gives_the_author_alone():
    assert clean(EDITION) == [
        "J'ai écrit ceci en hiver, près du feu.",
        "M. de *** entra, vers le soir, dans la salle basse où la meunière filait.",
        "— Oui.",
        "Elle se tut.",
    ]
