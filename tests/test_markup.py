"""Ce que les transcripteurs écrivent dans une phrase s'en va, et la phrase reste."""

import pytest

from atelier.text.cleaning import clean


@pytest.mark.parametrize(
    "marked, plain",
    [
        ("en _hiver_[1], dit-elle", "en hiver, dit-elle"),
        ("son _nape[A]_ bleu (3).", "son nape bleu."),
        ("le chemin_1 [1. C'est le nom\ndu pays.] montait", "le chemin1 montait"),
        ("devenue {p.004} populaire, et [p.\n415] puis", "devenue populaire, et puis"),
        ("M^{me} Sand, le 6^{e} jour", "Mme Sand, le 6e jour"),
        ("<i>Réponse</i> à <small>tous</small>", "Réponse à tous"),
        ("peut-\nêtre, dit-\nil", "peut-être, dit-il"),
        ("le _droit d'écrire, _mais", "le droit d'écrire, mais"),
        ("la s[oe]ur, *gras* et =gras=, M. de *** et N***", "la sœur, gras et gras, M. de *** et N***"),
        ("Elle dit [Illustration] oui", "Elle dit oui"),
        ("un setier [1 Douze boisseaux.] ou [Gravure] deux [* Vingt-quatre.]", "un setier ou deux"),
        ("le[Pg 12] moulin, [Page 13]le four [p. 14-15] et {Pg 16} la huche [xvi]", "le moulin, le four et la huche"),
        ("un setier¹, ou deux², ou trois*, ou quatre†", "un setier, ou deux, ou trois, ou quatre"),
        ("un setier<sup>1</sup> ou deux^{2}, ou trois^3", "un setier ou deux, ou trois"),
        ("M^me Sand, M^{lle} sa fille, le 6^e jour, XVIII^e", "Mme Sand, Mlle sa fille, le 6e jour, XVIIIe"),
        ("Mᵐᵉ Sand, l&rsquo;&eacute;t&eacute;&nbsp;&mdash; d&#233;j&#xe0;", "Mme Sand, l'été — déjà"),
    ],
)
def test_markup_goes_and_the_sentence_stays(marked, plain):
    assert clean(f"Alors elle vit {marked} encore.") == [f"Alors elle vit {plain} encore."]
