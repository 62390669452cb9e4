"""Une seule typographie, quelle que soit l'édition."""

import pytest

from atelier.text.typography import normalize


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Quoi! dit-il; vous ici?", "Quoi ! dit-il ; vous ici ?"),
        ("Quoi\u202f! dit-il\u00a0; vous ici\u00a0?", "Quoi ! dit-il ; vous ici ?"),
        ("«Non», dit-elle: «jamais.»", "« Non », dit-elle : « jamais. »"),
        ("“Non”, dit-elle", "« Non », dit-elle"),
        ('Il dit "oui" et "non".', "Il dit « oui » et « non »."),
        ("l’ami, l‘ami, lʼami", "l'ami, l'ami, l'ami"),
        ("--Venez, dit-il--et vite", "— Venez, dit-il — et vite"),
        ("- Oui, dit-il - enfin", "— Oui, dit-il - enfin"),
        ("»Je t'embrasse.»", "Je t'embrasse. »"),
        ("««Non»», dit-il , enfin .", "« Non », dit-il, enfin."),
        ("  - Oui, dit-il.", "— Oui, dit-il."),
        ('l\'"Odyssée" et "l\'Iliade"', "l'« Odyssée » et « l'Iliade »"),
        ('Il dit : " Venez ! " et partit.', "Il dit : « Venez ! » et partit."),
        ("Hélas... oui. . . . non", "Hélas… oui… non"),
        (
            "le coeur, la soeur, un oeil, les OEUVRES, Oedipe, la manoeuvre",
            "le cœur, la sœur, un œil, les ŒUVRES, Œdipe, la manœuvre",
        ),
        ("la moelle, coexister, un poète, Noel, le goéland", "la moelle, coexister, un poète, Noel, le goéland"),
        ("à 10:30, de 1840–1848", "à 10:30, de 1840-1848"),
        ("e\u0301te\u0301", "été"),
        ("deux   mots\tou\u00adi", "deux mots oui"),
    ],
)
def test_one_typography(text, expected):
    assert normalize(text) == expected
    assert normalize(expected) == expected
