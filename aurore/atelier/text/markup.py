"""Ce que les transcripteurs écrivent dans le texte pour dire l'italique, les exposants, les pages ou les notes."""

import re

MARKED = re.compile(r"[\[({<^=*_]|-\n")
RULES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (
            r"\s*\[(?:Illustration|Note|Footnote|\d{1,3}[:.] )(?:[^\[\]]|\[[^\]]*\])*\]",
            "",
        ),  # une image ou une note au milieu d'une phrase
        (r"\s?\[(?:\d{1,3}[a-z]?|[A-Za-z]|[*†‡]+)\]|\(\d{1,3}\)(?=[\s.,;:!?])", ""),  # un appel de note
        (r"\s*(?:\[(?:p|pg|page)\.?\s*\d+\]|\{(?:p\.?\s*)?\d+\})", ""),  # un numéro de page
        (r"</?\w+[^>]*>", ""),
        (r"\^\{(\w+)\}", r"\1"),  # M^{me}
        (r"\[(oe|OE)\]", r"\1"),
        (r"(?<=\w)-\n\s*(?=\w)", "-"),  # « peut- » en fin de ligne, « être » au début de la suivante
        (r"=(\S[^=\n]*)=", r"\1"),
        (r"(?<!\*)\*(\w[^*\n]*\w)\*(?!\*)", r"\1"),  # *gras* ; mais « M. de *** » garde ses étoiles
        (r"_", ""),  # l'italique : un _ par bout, parfois oublié, parfois deux paragraphes plus loin
    )
)


def without_markup(text: str) -> str:
    """Le texte seul."""
    if MARKED.search(text):
        for pattern, replacement in RULES:
            text = pattern.sub(replacement, text)
    return text
