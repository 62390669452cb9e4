"""Ce que les éditions ajoutent à l'autrice s'en va ; ce qu'elle a écrit reste."""

import pytest

from atelier.text.cleaning import author_blocks, clean
from atelier.text.edition import EDGE

STORY = """Le moulin tournait depuis l'aube, et la meunière, qui n'avait pas dormi, écoutait
l'eau comme on écoute quelqu'un. Elle attendait son fils, parti la veille pour la
foire avec deux sacs de farine et la jument grise."""
CLEAN_STORY = STORY.replace("\n", " ")

# Un livre assez long pour que ses deux bouts n'en soient pas tout le texte, comme un vrai.
CHAPTERS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII")
CHAPTER = "\n\n".join([STORY] * 9 + ["--Te voilà, dit-elle."] + [STORY] * 9)
BOOK = "\n\n".join(f"{number}.\n\n{CHAPTER}" for number in CHAPTERS)
assert len(BOOK) > 5 * EDGE


def kept(front="", back="", inside=""):
    """Les paragraphes que le nettoyage laisse à un livre, moins les siens : ce qu'il garde de ce qu'on lui ajoute."""
    first, second = BOOK.split(f"\n\n{CHAPTERS[4]}.\n\n")
    text = "\n\n\n".join(filter(None, (front, first, inside, f"{CHAPTERS[4]}.\n\n{second}", back)))
    assert clean(text).count(CLEAN_STORY) == 18 * len(CHAPTERS), "le livre doit rester entier"
    return [paragraph for paragraph in clean(text) if paragraph != CLEAN_STORY and "Te voilà" not in paragraph]


def each(texts: dict[str, str]):
    """Un essai par texte, sous son nom."""
    return pytest.mark.parametrize("text", texts.values(), ids=texts)


@each(
    {
        "crédit": "Produced by Some Volunteer and the Online Distributed\nProofreading Team at http://www.pgdp.net",
        "crédit en français": "Produit par une volontaire.",
        "remerciement": "Nous remercions la Bibliothèque Nationale de France qui a mis à\ndisposition les images de ce livre.",
        "remerciement anglais": "We thank the library that has made available the image files of this\nbook, authorizing its preparation.",
        "nom seul": "Jean Transcripteur",
        "note de transcription": "Note sur la transcription: Les erreurs clairement introduites par\nle typographe ont été corrigées.\n\nLe titre «Chapitre Douze» n'existe pas dans cette édition.",
        "note du transcripteur, en retrait": "  Au lecteur.\n\n  Ce livre reproduit dans son intégralité l'exemplaire de 1860.\n\n  La ponctuation a été revue en quelques endroits, et les mots\n  en italique sont _soulignés_.\n\n  Bonne lecture à toutes et à tous.",
        "note titrée": "Note du transcripteur\n\nBonne lecture à toutes et à tous.\n\nLE MOULIN",
        "note entre crochets": "[Notes au lecteur de ce fichier:\n\nCertains mots ont été laissés tels quels.\n\nLes numéros de page manquent.]",
        "avis de l'éditeur": "AVIS DE L'ÉDITEUR\n\nCe roman parut en 1842, et n'avait pas été réimprimé depuis.\n\nNous le donnons tel quel.\n\nL'ÉDITEUR.\n\nLE MOULIN",
        "notice": "NOTICE SUR L'AUTRICE\n\nElle naquit à Paris, et vécut au moulin de son père.\n\nLE MOULIN",
        "page de titre": "LE MOULIN\n\nPAR\n\nUNE AUTRICE\n\nPARIS\nUN ÉDITEUR, LIBRAIRE\n1850",
        "page de titre en minuscules": "La Farine\n\nou la Foire aux Ânes\n\npar\n\nMme UNE AUTRICE",
        "liste d'œuvres": "OEUVRES DE LA MÊME\n\n    LE MOULIN              1 vol.\n    LE FOUR                2 --\n    LA HUCHE               1 --",
        "tirage": "Il a été tiré de cet ouvrage trente exemplaires sur papier de\nHollande, tous numérotés.\n\nDroits de traduction et de reproduction réservés.",
        "imprimeur": "Clichy.--Impr. M. UNTEL et Cie, 12, rue du Bac.",
        "imprimeur en capitales": "IMP. UNTEL ET Cie",
        "imprimeur et ville": "PARIS.—IMPR. UNTEL, 12, RUE DU BAC, 12.—4053.",
        "imprimeur entre parenthèses": "Corbeil (Imp. de Crété fils).",
        "imprimé par": "Imprimé par Untel et Chose, à Évreux.",
        "lithographe": "Lith. Untel, quai Voltaire.",
        "typographe": "PARIS — TYP. UNTEL, RUE DU PONT, 6.",
        "libraire": "Librairie Untel et fils, rue Vivienne.",
        "libraire chez qui": "Se vend chez Untel, libraire, au Palais-Royal.",
        "table": "TABLE DES MATIÈRES\n\nI. Où l'on attend la jument\n\nLa foire est-elle finie?\n\nIII. Le retour de celui qu'on n'attendait plus, et ce\nqu'il rapporta",
        "table d'un bloc": "Ce qu'il y a dans ce livre\nI  Le départ.\nII  La foire.\nIII  Le retour.",
        "épigraphe": "  «L'eau passe et la meule reste.»\n\n  UN POÈTE.",
        "signature et date": "UNE AUTRICE.\n\nNohant, 12 avril 1851.",
        "image": "[Illustration: le moulin\nvu du pont]",
        "personnages": "PERSONNAGES\n\nLA MEUNIÈRE. LE FILS DE LA MEUNIÈRE, marchand de farine. UN MAQUIGNON,\nvenu d'Issoudun. La scène est au moulin, puis à la foire, puis sur le chemin\nqui les sépare, en automne.",
    }
)
def test_what_comes_before_the_book(text):
    assert kept(front=text) == []


@each(
    {
        "fin": "FIN.",
        "fin en italique": "_FIN DU MOULIN._",
        "catalogue": "FIN\n\nDU MÊME ÉDITEUR:\n\n"
        + "Le roman que tout Paris s'arrache, par l'auteur de la Huche, et que l'on trouve\nchez tous les libraires des deux rives de la Seine, au prix de trois francs.\n\n"
        * 20,
        "imprimeur": "FIN\n\nSCEAUX.--IMPRIMERIE CHOSE ET FILS.\n\n558-06.--Coulommiers, Imp. UNTEL.--P5-06.",
        "imprimeur sans fin": "Typographie Untel et fils, rue du Pont.",
        "notes réunies": "NOTES:\n\n[A] Le setier valait douze boisseaux.\n\nNOTE II. Le manuscrit porte ici une rature.",
        "notes sans titre": "[1: Voyez la carte du pays.]\n\n[2: Ancienne mesure de\n\ngrains.]",
        "corrections": "  Liste des modifications:\n\n  Page   12: «ont» remplacé par «on» (on ne dormait pas).",
        "corrections, une par paragraphe": "Erreurs typographiques:\n\nchapitre 1: =fot= remplacé par =fut= (elle fut surprise de le voir).",
        "errata": "ERRATA.\n\nPage 3, ligne 2, au lieu de: foin, lisez: fouin.",
        "table": "TABLE\n\nI. Le départ 1\n\nII. La foire et ce qu'on y vendit 27\n\nFIN DE LA TABLE.",
        "crédit": "Produced by Some Volunteer and the Online Team.",
    }
)
def test_what_comes_after_the_book(text):
    assert kept(back=text) == []


@each(
    {
        "tomes": "FIN DU TOME PREMIER.\n\n    Typographie Untel.\n\nLE MOULIN\n\nTOME SECOND\n\nPARIS, 1850.",
        "ornement": "       *       *       *       *       *",
        "gravure": "[Gravure: la meunière devant sa porte.]",
        "planche": "[Planche III]",
        "figure": "[Figure 3. Le moulin vu du pont.]",
        "vignette": "[Vignette]",
        "figure sans crochets": "Fig. 12.--La meunière devant sa porte.",
        "planche sans crochets": "PLANCHE IV. Le moulin vu du pont.",
        "note en un crochet": "Elle compta les setiers[1] un à un.\n\n[1 Le setier valait douze boisseaux.]",
        "note en un crochet, et plusieurs paragraphes": "Elle compta les setiers[2] un à un.\n\n[2 Le setier.\n\nIl valait douze boisseaux.]",
        "note à étoile nue": "Elle compta les setiers* un à un.\n\n* Le setier valait douze boisseaux.",
        "note à croix": "Elle compta les setiers† un à un.\n\n† Le setier valait douze boisseaux.",
        "note à exposant": "Elle compta les setiers¹ un à un.\n\n¹ Le setier valait douze boisseaux.",
        "note à accent circonflexe": "Elle compta les setiers[^1] un à un.\n\n[^1]: Le setier valait douze boisseaux.",
        "note à minuscule": "Elle compta les setiers(a) un à un.\n\n(a) Le setier valait douze boisseaux.",
        "image": "[Illustration: IMP. UNTEL.\n\nLA MEUNIÈRE\n\nElle attendait son fils. (Page 12.)]",
        "note": "[Note 1: Le setier valait douze boisseaux.]",
        "note en plusieurs paragraphes": "[Note 1: Le setier.\n\nIl valait douze boisseaux.\n\n  Et la mine six.]",
        "note en retrait": "(1)\n\n  [1] Le setier valait douze boisseaux, et l'on\n  en comptait douze au muid.\n\n  Mais cela variait d'une ville à l'autre.",
        "note à lettre": "* [A]\n\n[A] Le setier valait douze boisseaux.",
        "note à étoile": "* [*]\n\n[*] Le setier valait douze boisseaux.",
        "date": "                 Lundi soir.",
        "date d'une lettre": "     «Paris, 6 vendémiaire an VII (septembre 1798).",
        "date en deux lignes": "     «Du camp d'Ostrohow, 30 frimaire an XII\n     (octobre 1803).",
        "titre d'une lettre": "_De Maurice à sa mère._",
        "qui parle": "LE FOSSOYEUR",
        "points": "..................................",
    }
)
def test_what_comes_inside_the_book(text):
    assert [paragraph for paragraph in kept(inside=text) if paragraph != "Elle compta les setiers un à un."] == []


@each(
    {
        "préface": "PRÉFACE\n\nJ'ai écrit ceci en hiver, près du feu.",
        "notice": "NOTICE\n\nJ'ai écrit ce conte pour mes enfants, qui ne l'ont pas lu.",
        "avertissement": "AVERTISSEMENT\n\nOn ne trouvera pas ici le nom des gens dont je parle.",
        "adresse au lecteur": "AU LECTEUR.\n\nCe livre est né d'une veillée, et je n'y ai rien corrigé depuis.",
        "dédicace": "A MON AMI JEAN.\n\nRecevez ce conte, mon ami, comme vous m'avez donné le vôtre.",
    }
)
def test_her_prefaces_and_dedications_stay(text):
    assert len(kept(front=text)) == 1


@pytest.mark.parametrize(
    "hers",
    [
        "--Oui.",
        "--Le 28 février.",
        "      --Oui.",
        "[Il sort.]",
        "[Illustration] Elle entra, et s'assit.[2]",
        "[12] Le lendemain, il partit pour Bourges, et l'on n'en parla plus.",
        "     Il se tut.",
        "_Au secours!_",
        "Il mourut, le 3 mai 1830.",
        "L'imprimerie était vendue.",
        "Il posa l'in-8 sur la table.",
        "La voiture du château fut mise à la disposition de Jeanne.",
        "--Première journée perdue!",
        "--Seconde partie!",
        "Chapitre premier, dit-elle en riant.",
        "C. était son cousin.",
        "X... me regarda sans répondre.",
        "il partit sans se retourner.",
        "Lili.",
        "--Ici!",
        "Il passait ses journées à la Bibliothèque nationale.",
        "Produit de deux races ennemies, il n'aimait personne.",
        "Saisi d'horreur, il recula.",
        "Le rideau avait été tiré, et l'on ne voyait rien.",
        "Chapitre premier, dit-elle en riant. Nous verrons le second demain.",
        "Le moulin, la rivière, la jument grise et tout ce qu'il aimait au monde,",
        "Il dit enfin:",
        "M. de *** entra, vers le soir.",
        "La marquise de B* et le comte de N** entrèrent.",
        "* * * fut tout ce qu'on lut sur la lettre.",
        "Librairie, moulin, tout fut vendu.",
        "Planche de salut, cette lettre me rendit la vie.",
        "Figure-toi qu'il est parti.",
        "Note tout cela, dit-elle.",
        "(a) dit-il en riant.",
        "Se trouver chez soi, c'est déjà beaucoup.",
        "*** fut de la partie, et n'en dit rien.",
        "Le roi de *** l'avait fait comte, et cela ne lui ôtait rien de sa bonne humeur.",
        "  La meule tourne, tourne,\n  Et l'eau s'en va chantant.",
        "--Voilà bien le langage d'un ancien de l'Imprimerie royale!",
        "Je donne 20.600 fr. à ma fille, et dix mille à son mari.",
        "Le titre du livre était écrit en anglais.",
        "_(Il écoute encore.)_",
        "Elle partit à l'aube, sans rien dire à personne, emportant dans son tablier de\nquoi faire du pain pour trois jours, et ne se retourna qu'au bout du champ, à\nl'endroit d'où l'on aperçoit encore le toit du moulin et la cime des peupliers",
    ],
)
def test_what_she_wrote_stays_however_it_looks(hers):
    assert len(kept(inside=hers)) == 1


def test_a_letter_all_indented_is_not_a_note_nor_an_epigraph():
    letter = "  «Ma mère, je vous écris d'Issoudun[1].\n\n  [1] À deux lieues de là.\n\n  «Je serai là dimanche.»"
    assert len(kept(inside=letter)) == 2
    assert len(kept(inside=f"LETTRE II.\n\n{letter}")) == 2


def test_a_bracket_that_is_never_closed_does_not_take_the_book_away():
    assert kept(inside="[Illustration: le moulin") == []


def test_fin_inside_the_book_does_not_end_it():
    text = f"{BOOK}\n\nFIN DE LA PREMIÈRE PARTIE.\n\nDEUXIÈME PARTIE.\n\nI.\n\n{STORY}\n\n{STORY}"
    assert clean(text).count(CLEAN_STORY) == 146


def test_the_epigraph_and_the_summary_of_a_chapter_go():
    opening = " Le moulin.--La foire.--Ce que la jument\n   rapporta.--Un départ.\n\n  «L'eau passe.»\n\n  UN POÈTE."
    assert clean(f"CHAPITRE VINGT-DEUXIÈME.\n\n{opening}\n\n{STORY}\n\n{BOOK}")[0] == CLEAN_STORY


def test_titles_that_look_like_sentences_go_when_every_chapter_has_one():
    chapters = [f"{number}\n\nLe jour de la foire.\n\n{STORY}" for number in ("I", "II", "III", "IV", "V", "VI")]
    assert set(clean("\n\n".join(chapters))) == {CLEAN_STORY}
    chapters[1:] = [chapter.replace("Le jour de la foire.\n\n", "") for chapter in chapters[1:]]
    assert "Le jour de la foire." in clean("\n\n".join(chapters)), "une seule fois, c'est sa première phrase"


def test_a_paragraph_that_an_image_or_a_note_had_cut_is_one_again():
    halves = (
        "Elle prit la lanterne, et descendit\n\n[Illustration: la lanterne]\n\n  [1] Une lampe.\n\nvers la rivière[1]."
    )
    assert kept(inside=halves) == ["Elle prit la lanterne, et descendit vers la rivière."]


@pytest.mark.parametrize(
    "title",
    [
        "FIN DE LAVINIA.\n\nMETELLA.",
        "FIN\n\nDEUXIÈME NOUVELLE",
        "FIN DE LA PREMIÈRE PARTIE.\n\nLE RETOUR",
        "FIN D'UN RÊVE",
        "Fin d'octobre.",
        "Note bien que je n'en savais rien.",
        "TABLE D'HÔTE",
        "ERRATA\n\nLE RETOUR",
        "PERSONNAGES\n\nLE ROI.\n\nPREMIER TABLEAU.",
        "PERSONNAGES\n\nLE ROI.",
        "AVIS DE L'ÉDITEUR",
    ],
)
def test_no_rule_takes_half_a_book_away(title):
    """Ni titres numérotés, ni tirets : seule la longueur dit que c'est encore le livre."""
    story = "\n\n".join([STORY] * 40)
    for text in (f"{story}\n\n{title}\n\n{story}", f"{title}\n\n{story}"):
        assert clean(text).count(CLEAN_STORY) >= text.count(STORY) - 1


def test_a_book_all_indented_is_whole():
    indented = "\n".join(f"  {line}" if line else "" for line in BOOK.split("\n"))
    assert clean(indented).count(CLEAN_STORY) == 144


def test_verses_all_indented_are_whole():
    verses = "  La meule tourne et l'eau s'en va,\n  Et rien ne reste."
    assert len(clean("\n\n".join([verses] * 10))) == 10


def test_a_cast_ends_at_the_first_reply():
    cast = "PERSONNAGES\n\nLE ROI. LA REINE, sa femme.\n\nLA REINE.--Sortez, monsieur!\n\nLE ROI. Je sors."
    assert clean(f"{cast}\n\n{BOOK}")[:2] == ["LA REINE. — Sortez, monsieur !", "LE ROI. Je sors."]


def test_a_book_with_an_empty_line_after_every_line_is_whole():
    text = BOOK.replace("\nl'eau", "\nL'eau")
    assert clean(text.replace("\n", "\n\n")) == clean(text)


def test_a_book_of_one_line_paragraphs_keeps_them_apart():
    paragraph = "La meunière écoutait l'eau comme on écoute quelqu'un, et n'avait pas dormi."
    assert clean("\n\n".join([paragraph] * 200)) == [paragraph] * 200


def test_a_note_of_the_transcriber_without_a_title_after_it_leaves_the_book():
    text = "Note sur la transcription: Les erreurs introduites par le typographe ont été corrigées.\n\n" + "\n\n".join(
        [STORY] * 60
    )
    assert clean(text).count(CLEAN_STORY) == 60
    assert clean(text.replace("Note sur la transcription:", "Note sur la transcription.\n\n")).count(CLEAN_STORY) > 50


def test_blocks_remember_their_lines():
    text = "TITRE\n\n\nIl plut ce jour-là.\n\n--Oui,\ndit-elle."
    assert [block.numbers for block in author_blocks(text)] == [(3,), (5, 6)]
