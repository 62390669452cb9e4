"""Dessiner en SVG, pour une salle : la page et son titre, un cadre et ses axes, des traits, des marques, des barres, du texte.

Un dessin apporte son papier, donc se lit sur fond sombre ; et rien ne s'y dit par la seule couleur, que tous ne voient pas.
"""

import html
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate, pairwise

from atelier.atomic import atomic_write
from atelier.console import number, shown
from atelier.settings import HOME

Point = tuple[float, float]

WIDTH = 960
PAPER, RULE, FADED, INK = "#f7f1e3", "#cbbd9f", "#6b5d50", "#2b2320"
# Cinq encres assez sombres pour du texte, et que l'on distingue même quand on voit mal le rouge, le vert ou le bleu.
INKS = ("#2266bb", "#994411", INK, "#886655", "#661166")
DASHES = ("none", "9 5", "1.5 5", "14 4 2 4", "5 3")
DISC, SQUARE = "M-5,0A5,5,0,1,1,5,0A5,5,0,1,1,-5,0Z", "M-4.5,-4.5H4.5V4.5H-4.5Z"
MARKERS = (DISC, SQUARE, "M0,-6L5.5,4.5H-5.5Z", "M0,-6.5L5.5,0L0,6.5L-5.5,0Z", "M0,6L5.5,-4.5H-5.5Z")
LOOKS = [(INKS[rank % 5], DASHES[(rank + rank // 5) % 5], MARKERS[(rank + rank // 5) % 5]) for rank in range(25)]
HALO = {"stroke": PAPER, "stroke_width": 5, "stroke_linejoin": "round", "paint_order": "stroke"}
ASIDE = {"font_style": "italic", "fill": FADED}
SVG = {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "fill": INK}
SERIF = {"font_family": "Georgia, 'Times New Roman', serif", "font_size": 15}


# ── La page ──


def document(title: str, description: str, drawn: Iterable[str], height: float) -> str:
    """Le dessin entier. `description` : ce qu'il montre, pour qui l'écoute."""
    said = [tag("title", html.escape(fitted(title))), tag("desc", html.escape(description))]
    return tag("svg", "\n".join([*said, *drawn]), viewBox=f"0 0 {WIDTH} {height}", **SVG, **SERIF)


def page(title: str, subtitle: str, height: float) -> list[str]:
    """Le papier, son filet, le titre et, dessous, ce qui le précise."""
    middle, star = WIDTH // 2, INKS[1]
    return [
        tag("rect", width=WIDTH, height=height, fill=PAPER),
        tag("path", d=f"M10,10H950V{height - 10}H10ZM14,14H946V{height - 14}H14Z", fill="none", stroke=RULE),
        text(middle, 54 if subtitle else 66, fitted(title, 32), font_size=26, letter_spacing=0.5, text_anchor="middle"),
        text(middle, 80, fitted(subtitle, 54), font_size=16, text_anchor="middle", **ASIDE),
        tag("path", d="M400,98H470M490,98H560M480,93L485,98L480,103L475,98Z", fill=star, stroke=star),
    ]


def leave(name: str, title: str, subtitle: str, drawn: Iterable[str], height: float) -> None:
    """Laisse l'image d'une leçon dans AURORE_HOME/lessons, et dit où."""
    path = HOME / "lessons" / f"{name}.svg"
    picture = document(title, subtitle, [*page(title, subtitle, height), *drawn], height)
    with atomic_write(path) as partial:
        partial.write_text(picture, encoding="utf-8")
    print(f"\nL'image, à ouvrir dans un navigateur : {shown(path)}")


# ── Le texte ──


def tag(name: str, content: str = "", **attributes) -> str:
    written = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in attributes.items())
    return f"<{name}{written}>{content}</{name}>"


def text(x: float, y: float, content: str, **attributes) -> str:
    return tag("text", html.escape(content), x=round(x, 1), y=round(y, 1), **attributes) if content else ""


def fitted(content: str, room: float = math.inf) -> str:
    """Le texte, sans les caractères que XML refuse, coupé à `room` cadratins, comptés larges : on ignore la police."""
    content = "".join(letter for letter in " ".join(content.split()) if letter.isprintable())
    widths = _widths(content)
    if sum(widths) <= room:
        return content
    return content[: sum(end <= room - 0.95 for end in accumulate(widths))].rstrip() + "…"


def broken(content: str, room: float) -> tuple[str, str]:
    """Le texte en deux lignes, dont la première a `room` cadratins au plus."""
    content = fitted(content)
    if sum(_widths(content)) <= room:
        return content, ""
    fits = sum(end <= room for end in accumulate(_widths(content)))
    end = content.rfind(" ", 0, fits + 1)
    return (content[:end], content[end + 1 :]) if end > 0 else (content[:fits], content[fits:])


def _widths(content: str) -> list[float]:
    usual = "abcdefghjknopqrsuvxyzàâçéèêëîïôöùûüœ0123456789-–_=+/*«»"
    return [0.36 if c in " ijltfrI,.:;!|'()" else 0.58 if c in usual else 0.95 for c in content]


# ── Un cadre, et ce qu'on y trace ──


@dataclass(frozen=True)
class Frame:
    """Un cadre sur la page : ses bords, et les valeurs qui vont de l'un à l'autre. Ce qui monte plus haut reste à son bord."""

    left: float
    right: float
    top: float
    bottom: float
    xs: tuple[float, float]
    ys: tuple[float, float]

    def at(self, point: Point) -> Point:
        """La place, sur la page, d'un point donné par ses valeurs."""
        along = (point[0] - self.xs[0]) / (self.xs[1] - self.xs[0])
        height = (min(point[1], self.ys[1]) - self.ys[0]) / (self.ys[1] - self.ys[0])
        return (
            round(self.left + along * (self.right - self.left), 1),
            round(self.bottom - height * (self.bottom - self.top), 1),
        )


def ticks(low: float, high: float, least: float = 0, most: int = 7) -> tuple[list[float], int]:
    """`most` + 1 graduations rondes au plus (tous les 1, 2 ou 5), et combien de décimales il leur faut."""
    power = 10 ** math.floor(math.log10((high - low) / most))
    step = max(least, next(power * digit for digit in (1, 2, 5, 10) if power * digit * most >= high - low))
    places = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    return [place * step for place in places], max(0, -math.floor(math.log10(step) + 1e-9))


def stroke(path: list[Point], frame: Frame, **attributes) -> str:
    """Le trait qui passe par ces points, interrompu tant qu'il est au-dessus du cadre."""
    pairs = [(min(before[1], after[1]), frame.at(after)) for before, after in pairwise(path[:1] + path)]
    d = "".join(f"{'L' if lowest <= frame.ys[1] else 'M'}{x},{y}" for lowest, (x, y) in pairs)
    return tag("path", d=d and f"M{d[1:]}", fill="none", stroke_linejoin="round", stroke_linecap="round", **attributes)


def mark(place: Point, shape: str, ink: str = INK, hollow: bool = False) -> str:
    fill, edge = (PAPER, ink) if hollow else (ink, PAPER)
    return tag("path", d=shape, transform="translate({},{})".format(*place), fill=fill, stroke=edge, stroke_width=1.5)


def dots(frame: Frame, points: Iterable[Point], full: Iterable[bool]) -> list[str]:
    """Des disques pleins, et des carrés vides là où `full` est faux."""
    return [mark(frame.at(point), DISC if one else SQUARE, hollow=not one) for point, one in zip(points, full)]


def spread(ends: list[float], height: float, top: float, bottom: float) -> list[float]:
    """Ces hauteurs, croissantes, écartées d'au moins `height`, vers le bas puis vers le haut, entre `top` et `bottom`."""
    lower = accumulate(ends, lambda above, y: max(y, above + height), initial=top - height / 2)
    places = accumulate(reversed([*lower][1:]), lambda below, y: min(y, below - height), initial=bottom + height / 2)
    return [*places][:0:-1]


def axes(frame: Frame, x_name: str, y_name: str, title: str = "", most: int = 4) -> list[str]:
    """Les deux axes, nommés, `most` + 1 nombres au plus sur chacun ; au-dessus, à droite, le titre du cadre."""
    (xs, x_digits), (ys, y_digits) = ticks(*frame.xs, most=most), ticks(*frame.ys, most=most)
    across = [(frame.at((x, frame.ys[0]))[0], number(x, x_digits)) for x in xs]
    up = [(frame.at((frame.xs[0], y))[1], number(y, y_digits)) for y in ys]
    d = f"M{frame.left},{frame.top}V{frame.bottom}H{frame.right}"
    d += "".join(f"M{x},{frame.bottom}v6" for x, _ in across) + "".join(f"M{frame.left},{y}h-6" for y, _ in up)
    return [
        tag("path", d=d, fill="none", stroke=FADED, stroke_width=1.5),
        *(text(x, frame.bottom + 23, value, font_size=16, text_anchor="middle") for x, value in across),
        *(text(frame.left - 11, y + 5, value, font_size=16, text_anchor="end") for y, value in up),
        text(frame.right, frame.bottom + 46, x_name, font_size=17, text_anchor="end", **ASIDE),
        text(frame.left - 34, frame.top - 14, y_name, font_size=17, **ASIDE),
        text(frame.right, frame.top - 14, title, font_size=18, text_anchor="end"),
    ]


def lines(frame: Frame, paths: dict[str, list[Point]]) -> list[str]:
    """Des traits que leur forme distingue, et le nom de chacun à sa droite, écarté de ses voisins."""
    ends = sorted((frame.at(path[-1])[::-1], rank, name) for rank, (name, path) in enumerate(paths.items()))
    places = spread([y for (y, _), *_ in ends], 26, frame.top, frame.bottom)
    drawn, left = [], frame.right + 26
    for rank, path in enumerate(paths.values()):
        drawn.append(stroke(path, frame, stroke=LOOKS[rank][0], stroke_width=3, stroke_dasharray=LOOKS[rank][1]))
    for ((y, x), rank, name), place in zip(ends, places):
        ink, _, shape = LOOKS[rank]
        drawn.append(tag("path", d=f"M{x},{y}L{left - 6},{round(place, 1)}", stroke=ink, stroke_width=0.8))
        drawn += [mark((x, y), shape, ink), text(left, place + 6, name, font_size=18, fill=ink, **HALO)]
    return drawn


def bars(left: float, top: float, width: float, lengths: dict[str, float], values: list[str]) -> list[str]:
    """Des barres couchées, l'une sous l'autre : un nom au-dessus de chacune, une valeur au bout. La plus longue prend `width`."""
    drawn, longest = [], max(*lengths.values(), 1e-9)
    for rank, ((name, length), value) in enumerate(zip(lengths.items(), values)):
        y, extent = top + 58 * rank, round(width * length / longest, 1)
        drawn.append(text(left, y, name, font_size=18))
        drawn.append(tag("rect", x=left, y=y + 9, width=extent, height=20, fill=INKS[rank % 5]))
        drawn.append(text(left + extent + 9, y + 26, value, font_size=19))
    return drawn


def hatching(frame: Frame, holds: Callable[[list[Point]], Iterable[bool]], gap: int = 10) -> str:
    """Des hachures là où `holds` est vrai : elle reçoit des points, par leurs valeurs, et répond de chacun."""
    columns, rows = (int((end - start) / gap) for start, end in ((frame.left, frame.right), (frame.top, frame.bottom)))
    cells = [(column, row) for row in range(rows) for column in range(columns)]
    along, up = ((high - low) for low, high in (frame.xs, frame.ys))
    middles = [
        (frame.xs[0] + along * (column + 0.5) / columns, frame.ys[1] - up * (row + 0.5) / rows) for column, row in cells
    ]
    d = "".join(
        f"M{frame.left + gap * column},{frame.top + gap * (row + 1)}l{gap},{-gap}"
        for (column, row), held in zip(cells, holds(middles))
        if held
    )
    return tag("path", d=d, fill="none", stroke=FADED, stroke_width=1)
