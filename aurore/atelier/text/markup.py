"""Ce que les transcripteurs écrivent dans le texte pour dire l'italique, les exposants, les pages ou les notes."""

import re

MARKED = re.compile(r"[\[({<^=*_†‡¹²³⁴-⁹]|-\n")
# Une image, sous les noms qu'elle a dans ces éditions, et ce que les transcripteurs disent du livre même.
PICTURE = r"(?:Illustrations?|Gravures?|Figures?|Planches?|Images?|Vignettes?|Frontispice|Fleuron|Cul-de-lampe|Lettrine|Bandeau|Ornement)"
LABEL = rf"(?i:{PICTURE}|Notes?|Footnotes?|Transcri\w*|Sidenotes?|Page blanche|Blank Page)\b"
PAGE = r"[\[{]-?\s*(?i:(?:p|pp|pg|pag|page|fol)\.?\s*)?\d+(?:[-–/]\d+)?\s*-?[\]}]"
SIGN = r"(?:\d{1,3}[a-z]?|[A-Za-z]|[*†‡]+)"  # ce qui appelle une note, et la commence
RULES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (
            rf"\s*\[\s*(?:{LABEL}|\d{{1,3}}[:.]? (?=[^a-zà-ÿ])|[*†‡]+\s*(?=\w))(?:[^\[\]]|\[[^\]]*\])*\]",
            "",
        ),  # une image ou une note au milieu d'une phrase
        (
            rf"\s?\[\^?(?:{SIGN}|[ivxlc]+)\]|\((?:\d{{1,3}}|[*†‡]+)\)(?=[\s.,;:!?])|(?<=[a-zà-ÿ]{{3}})\([abcd]\)",
            "",
        ),  # un appel de note
        (r"<sup>\s*\d{1,3}\s*</sup>|(?<=[^\W\d_])\^(?:\{\d{1,3}\}|\d{1,3}\b)", ""),
        (rf"\s*{PAGE}(?=[\s.,;:!?]|$)|{PAGE}", ""),
        (r"(?<=[^\W\d_])(?:\s?[†‡]+|[¹²³⁴-⁹][⁰¹²³⁴-⁹]*)|(?<=[,.;:!?»])[¹²³⁴-⁹][⁰¹²³⁴-⁹]*", ""),
        (r"</?\w+[^>]*>", ""),
        (r"(?<=\w)\^(?:\{(\w+)\}|(\w{1,4})\b)", r"\1\2"),  # M^{me}, M^me
        (r"\[(oe|OE)\]", r"\1"),
        (r"(?<=\w)-\n\s*(?=\w)", "-"),  # « peut- » en fin de ligne, « être » au début de la suivante
        (r"=(\S[^=\n]*)=", r"\1"),
        (r"(?<!\*)\*(\w[^*\n]*\w)\*(?!\*)", r"\1"),  # *gras* ; mais « M. de *** » garde ses étoiles
        (r"(?<=[a-zà-ÿ]{3})\*(?!\*)", ""),  # un appel encore, « champart* »
        (r"_", ""),  # l'italique : un _ par bout, parfois oublié, parfois deux paragraphes plus loin
    )
)


def without_markup(text: str) -> str:
    """Le texte seul."""
    if MARKED.search(text):
        for pattern, replacement in RULES:
            text = pattern.sub(replacement, text)
    return text
