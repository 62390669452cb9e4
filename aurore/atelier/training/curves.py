"""Les courbes de perte, dessinées en SVG : une page que l'on garde, et qui se suffit à elle-même.

Il apporte son papier, donc se lit sur fond sombre ; et rien ne s'y dit par la seule couleur, que tous ne voient pas.
"""

import html
import math
from dataclasses import dataclass
from itertools import accumulate, cycle, pairwise

from atelier.console import number

Points = list[tuple[float, float]]
Rung = tuple[str, str, str]  # un moment de l'entraînement, sa perplexité, ce que le modèle écrivait
Line = tuple[str, Points, Points]  # un trait du dessin : son nom, par où il passe, les points qu'il porte

LEFT, RIGHT, TOP, BOTTOM, HEIGHT = 84, 876, 134, 468, 540
PAPER, RULE, FADED, INK = "#f7f1e3", "#cbbd9f", "#6b5d50", "#2b2320"
# Cinq encres assez sombres pour du texte, et que l'on distingue même quand on voit mal le rouge, le vert ou le bleu.
INKS = ("#2266bb", "#994411", INK, "#886655", "#661166")
DASHES = ("none", "9 5", "1.5 5", "14 4 2 4", "5 3")
DISC, SQUARE = "M-5,0A5,5,0,1,1,5,0A5,5,0,1,1,-5,0Z", "M-4.5,-4.5H4.5V4.5H-4.5Z"
MARKERS = (DISC, SQUARE, "M0,-6L5.5,4.5H-5.5Z", "M0,-6.5L5.5,0L0,6.5L-5.5,0Z", "M0,6L5.5,-4.5H-5.5Z")
LOOKS = [(INKS[rank % 5], DASHES[(rank + rank // 5) % 5], MARKERS[(rank + rank // 5) % 5]) for rank in range(25)]
WORSE_THAN_CHANCE = 12  # nats : au hasard, tous les tokens de GPT-2 aussi probables, la perte est de 10,8
HALO = {"stroke": PAPER, "stroke_width": 5, "stroke_linejoin": "round", "paint_order": "stroke"}
ASIDE = {"font_style": "italic", "fill": FADED}
SVG = {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "fill": INK}
SERIF = {"font_family": "Georgia, 'Times New Roman', serif", "font_size": 15}
FEW_POINTS = 60  # au-dessous, on voit surtout que les lots ne sont pas tous aussi faciles

MEANING = "Perplexité : à 40, le modèle hésite comme devant un dé à 40 faces. Plus c'est bas, mieux c'est."
NOISE = "Si peu de pas : la perte d'entraînement monte et descend selon les lots. Fiez-vous à la validation."
FAINT = "Les points sont les mesures de validation ; derrière, en trait fin, la perte d'entraînement."


@dataclass(frozen=True)
class Curve:
    """Un entraînement : les pas de l'optimiseur où la perte a été mesurée, et ces pertes, en nats par token."""

    name: str
    steps: list[float]
    losses: list[float]
    validation_steps: list[float]
    validation_losses: list[float]


@dataclass(frozen=True)
class Axes:
    """Où se placent les pas et les pertes. Les mesures s'arrêtent à `end` : le reste du cadre est pour les noms."""

    last: float
    low: float
    top: float
    end: float

    def at(self, point: tuple[float, float]) -> tuple[float, float]:
        height = (min(point[1], self.top) - self.low) / (self.top - self.low)
        return round(LEFT + point[0] / self.last * (self.end - LEFT), 1), round(BOTTOM - height * (BOTTOM - TOP), 1)


def picture(
    title: str, curves: list[Curve], subtitle: str = "", unit: str = "pas", prompt: str = "", ladder: list[Rung] = ()
) -> str:
    """Le dessin, en SVG. Une courbe seule montre son bruit et commente sa validation ; plusieurs comparent la leur.

    Sous les courbes, au besoin, ce que le modèle écrivait après `prompt`, à chaque barreau de l'échelle (`ladder`).
    """
    alone = len(curves) == 1
    looks = (
        LOOKS if alone else [LOOKS[0], *LOOKS[2:]]
    )  # les carrés bruns sont toujours la validation d'un entraînement seul
    lines = [line for curve in curves for line in _lines(curve, alone)]
    behind = [_behind(curve, alone) for curve in curves]
    axes = _axes(lines, [point for path in behind for point in path], end=736 if alone else 636)
    notes = [MEANING] + [NOISE] * (alone and 0 < len(behind[0]) < FEW_POINTS) + [FAINT] * (not alone and any(behind))
    top = HEIGHT + 22 * (len(notes) - 1)
    rungs, height = _ladder(prompt, ladder, top)
    drawn = [
        _tag("title", html.escape(_fitted(title))),
        _tag("desc", html.escape(_description(curves, axes.top, unit))),
    ]
    drawn += [*_page(title, subtitle, unit, axes, height), *rungs]
    drawn += [_text(480, 516 + 22 * rank, note, text_anchor="middle", **ASIDE) for rank, note in enumerate(notes)]
    for path, (ink, *_) in zip(behind, cycle(looks)):
        drawn.append(_stroke(path, axes, stroke=ink, stroke_width=1, opacity=0.35))
    for (_, path, dots), (ink, dash, shape) in zip(lines, cycle(looks)):
        drawn.append(_stroke(path, axes, stroke=ink, stroke_width=2.4, stroke_dasharray=dash))
        if len(path) == 1:  # un trait d'un seul point ne se verrait pas
            dots = dots + path
        drawn += [_mark(axes.at(dot), shape, ink) for dot in dots if dot[1] <= axes.top]
        drawn += [_mark(axes.at(point), "M-6,3L0,-9L6,3Z", ink) for point in _exits(path, axes.top)]
    said = [_note(path, [] if alone else dots, axes.top, unit) for _, path, dots in lines]
    drawn += _labels(lines, axes, said, looks)
    drawn += _perplexities(lines[1][2], behind[0] + lines[0][1], axes) if alone else []
    return _tag("svg", "\n".join(drawn), viewBox=f"0 0 960 {height}", **SVG, **SERIF)


def _points(steps: list[float], losses: list[float]) -> Points:
    """Les mesures ; une perte qui déborde, ou n'est plus un nombre, se range au-dessus de toutes les autres."""
    return [(step, loss if abs(loss) < 1e6 else math.inf) for step, loss in zip(steps, losses)]


def _smoothed(points: Points, share: int = 30) -> Points:
    """La moyenne exponentielle, sur un trentième des mesures ; la simple moyenne, tant qu'il y en a moins."""
    window, seen, mean, path = max(1, len(points) / share), 0, 0.0, []
    for step, loss in points:
        if loss < math.inf:
            seen += 1
            mean += (loss - mean) / min(seen, window)
        path.append((step, mean if loss < math.inf else loss))
    return path


def _lines(curve: Curve, alone: bool) -> list[Line]:
    training = _smoothed(_points(curve.steps, curve.losses))
    validation = _points(curve.validation_steps, curve.validation_losses)
    if alone:
        return [("entraînement", training, []), ("validation", validation, validation)]
    return [(curve.name, validation if len(validation) > 1 else training or validation, validation)]


def _behind(curve: Curve, alone: bool) -> Points:
    """Ce qui se dessine en retrait : le bruit d'une courbe seule ; l'entraînement de celles dont on compare la validation."""
    if alone:
        return _points(curve.steps, curve.losses)
    return _smoothed(_points(curve.steps, curve.losses), share=6) if len(curve.validation_steps) > 1 else []


def _axes(lines: list[Line], behind: Points, end: float) -> Axes:
    """Ce que le cadre montre : une courbe qui monte n'y prend, au-dessus des autres, que la moitié de leur hauteur."""
    points = [point for path in (behind, *(path + dots for _, path, dots in lines)) for point in path]
    known = [loss for _, loss in points if loss < math.inf] or [0]
    paths = [[loss for _, loss in path] for _, path, _ in lines if path]
    starts = [path[0] for path in paths if path[-1] <= path[0] < WORSE_THAN_CHANCE]
    peaks = [max(loss for loss in path if loss < math.inf) for path in paths if min(path) < math.inf]
    usual = max(starts) if starts else min(peaks, default=max(known))
    top = min(max(known), usual + max((usual - min(known)) / 2, 0.1))
    margin = max(0.06 * (top - min(known)), 0.02)
    return Axes(max([1, *(step for step, _ in points)]), min(known) - margin, top + margin, end)


def _exits(path: Points, top: float) -> Points:
    """Les mesures où le trait vient de sortir du cadre, par le haut."""
    return [after for before, after in pairwise([(0, -math.inf), *path]) if before[1] <= top < after[1]]


def perplexity(loss: float) -> str:
    """Entre combien de tokens, tous aussi probables, le modèle hésite : l'exponentielle de la perte, en trois chiffres au moins."""
    value = math.exp(min(loss, 100.0))
    return number(value, 2 if value < 10 else 1 if value < 100 else 0) if value < 1e6 else "> 10⁶"


def _note(path: Points, dots: Points, top: float, unit: str) -> str:
    """Ce que l'on retient d'un trait : où il sort du cadre, sinon sa dernière validation."""
    if path and path[-1][1] > top:
        moment = "pas" if unit == "pas" else "passage"
        return f"sort du cadre au {moment} {number(_exits(path, top)[-1][0])}"
    return f"perplexité {perplexity(dots[-1][1])} à la fin" if dots else ""


def _description(curves: list[Curve], top: float, unit: str) -> str:
    """Le dessin, pour qui l'écoute."""
    sentences = ["Perte par token, à mesure de l'entraînement."]
    for curve in curves:
        for kind, path, dots in _lines(curve, alone=True):
            known = [f"{number(loss, 2)} (perplexité {perplexity(loss)})" for _, loss in path if loss < math.inf]
            span = f"de {known[0]} à {known[-1]}" if known else "aucune perte finie"
            best = min((loss for _, loss in dots), default=math.inf)
            record = f"meilleure perplexité {perplexity(best)}" if best < math.inf else ""
            facts = ", ".join(filter(None, [span, _note(path, [], top, unit) or record]))
            sentences.append(f"« {_fitted(curve.name)} », {kind} : {facts}.")
    return " ".join(sentences)


def _tag(name: str, content: str = "", **attributes) -> str:
    written = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in attributes.items())
    return f"<{name}{written}>{content}</{name}>"


def _text(x: float, y: float, content: str, **attributes) -> str:
    return _tag("text", html.escape(content), x=round(x, 1), y=round(y, 1), **attributes) if content else ""


def _fitted(text: str, room: float = math.inf) -> str:
    """Le texte, sans les caractères que XML refuse, coupé à `room` cadratins, comptés larges : on ignore la police."""
    text = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    widths = _widths(text)
    return text if sum(widths) <= room else text[: sum(end <= room - 0.95 for end in accumulate(widths))].rstrip() + "…"


def _widths(text: str) -> list[float]:
    usual = "abcdefghjknopqrsuvxyzàâçéèêëîïôöùûüœ0123456789-–_=+/*«»"
    return [0.36 if c in " ijltfrI,.:;!|'()" else 0.58 if c in usual else 0.95 for c in text]


def _ladder(prompt: str, ladder: list[Rung], top: float) -> tuple[list[str], float]:
    """L'amorce, et une suite par barreau, sous les courbes ; puis la hauteur du dessin."""
    if not ladder:
        return [], top
    size, base = 18, top + 24
    words = f"Ce qu'il écrit, à mesure, après « {_fitted(prompt)} » :"
    drawn = [_text(480, base, words, font_size=17, text_anchor="middle", **ASIDE)]
    for moment, value, sentence in ladder:
        base += 36
        drawn.append(_text(140, base, moment, text_anchor="end", fill=FADED))
        drawn.append(_text(200, base, value, text_anchor="end", fill=INKS[1]))
        first, rest = _broken(sentence, room=700 / size)
        drawn.append(_text(220, base, first, font_size=size))
        if rest:
            base += 1.25 * size
            drawn.append(_text(220, base, _fitted(rest, 700 / size), font_size=size))
    return drawn, round(base + 34)


def _broken(text: str, room: float) -> tuple[str, str]:
    """Le texte en deux lignes, dont la première a `room` cadratins au plus."""
    text = _fitted(text)
    if sum(_widths(text)) <= room:
        return text, ""
    fits = sum(end <= room for end in accumulate(_widths(text)))
    end = text.rfind(" ", 0, fits + 1)
    return (text[:end], text[end + 1 :]) if end > 0 else (text[:fits], text[fits:])


def _ticks(low: float, high: float, least: float = 0) -> tuple[list[float], int]:
    """Au plus huit graduations rondes (tous les 1, 2 ou 5), et combien de décimales il leur faut."""
    power = 10 ** math.floor(math.log10((high - low) / 7))
    step = max(least, next(power * digit for digit in (1, 2, 5, 10) if power * digit * 7 >= high - low))
    places = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    return [place * step for place in places], max(0, -math.floor(math.log10(step) + 1e-9))


def _page(title: str, subtitle: str, unit: str, axes: Axes, height: float) -> list[str]:
    """La page, son titre, son cadre : la perte à gauche ; à droite, sur la même ligne, la perplexité qu'elle fait."""
    steps = [(axes.at((step, 0))[0], step) for step in _ticks(0, axes.last, least=1)[0]]
    losses, digits = _ticks(axes.low, axes.top)
    drawn = [
        _tag("rect", width=960, height=height, fill=PAPER),
        _tag("path", d=f"M10,10H950V{height - 10}H10ZM14,14H946V{height - 14}H14Z", fill="none", stroke=RULE),
        _text(480, 54 if subtitle else 66, _fitted(title, 32), font_size=26, letter_spacing=0.5, text_anchor="middle"),
        _text(480, 80, _fitted(subtitle, 54), font_size=16, text_anchor="middle", **ASIDE),
        _tag("path", d="M400,98H470M490,98H560M480,93L485,98L480,103L475,98Z", fill=INKS[1], stroke=INKS[1]),
        _text(28, TOP - 16, "perte (par token)", **ASIDE),
        _text(932, TOP - 16, "perplexité", text_anchor="end", **ASIDE),
        _text(axes.end + 34, BOTTOM + 24, unit, **ASIDE),
        _tag("path", d=f"M{LEFT},{BOTTOM}H{axes.end}" + "".join(f"M{x},{BOTTOM}v6" for x, _ in steps), stroke=FADED),
        *(_text(x, BOTTOM + 24, number(step), text_anchor="middle") for x, step in steps),
    ]
    for y, loss in [(axes.at((0, loss))[1], loss) for loss in losses]:
        drawn.append(_tag("path", d=f"M{LEFT},{y}H{RIGHT}", stroke=RULE, stroke_width=0.8, opacity=0.7))
        drawn.append(_text(LEFT - 10, y + 5, number(loss, digits), text_anchor="end"))
        drawn.append(_text(RIGHT + 8, y + 5, perplexity(loss), fill=FADED))
    return drawn


def _stroke(path: Points, axes: Axes, **attributes) -> str:
    """Le trait, interrompu tant qu'il est hors du cadre."""
    pairs = [(min(before[1], after[1]), axes.at(after)) for before, after in pairwise(path[:1] + path)]
    d = "".join(f"{'L' if lowest <= axes.top else 'M'}{x},{y}" for lowest, (x, y) in pairs)
    return _tag("path", d=d and f"M{d[1:]}", fill="none", stroke_linejoin="round", stroke_linecap="round", **attributes)


def _mark(place: tuple[float, float], shape: str, ink: str) -> str:
    return _tag("path", d=shape, transform="translate({},{})".format(*place), fill=ink, stroke=PAPER, stroke_width=1.5)


def _labels(lines: list[Line], axes: Axes, notes: list[str], looks: list) -> list[str]:
    """Chaque nom au bout de son trait, écarté de ses voisins, vers le bas puis vers le haut ; un fil l'y rattache."""
    size = min(16, 0.4 * (BOTTOM - TOP) / max(1, len(lines)))
    height = size * (2.4 if any(notes) else 1.4)
    stops = [(_exits(path, axes.top) if path[-1][1] > axes.top else path)[-1:] if path else [] for _, path, _ in lines]
    ends = sorted((axes.at(stop)[::-1], style) for style, found in enumerate(stops) for stop in found)
    lower = accumulate((y for (y, _), _ in ends), lambda above, y: max(y, above + height), initial=TOP - height / 2)
    places = accumulate(reversed([*lower][1:]), lambda below, y: min(y, below - height), initial=BOTTOM + height / 2)
    drawn, left = [], axes.end + 44
    for ((y, x), style), place in zip(reversed(ends), [*places][1:]):
        (ink, _, shape), (name, _, dots) = looks[style % len(looks)], lines[style]
        drawn.append(_tag("path", d=f"M{x + 5},{y}L{left - 20},{place:.1f}", stroke=ink, stroke_width=0.8, opacity=0.7))
        drawn += [_mark((left - 12, round(place, 1)), shape, ink)] if dots else []
        base = place + size * (-0.15 if notes[style] else 0.35)
        drawn.append(_text(left, base, _fitted(name, 178 / size), font_size=round(size, 1), fill=ink, **HALO))
        drawn.append(_text(left, base + size * 1.1, notes[style], font_size=round(size * 0.88, 1), fill=FADED, **HALO))
    return drawn


def _perplexities(dots: Points, paths: Points, axes: Axes) -> list[str]:
    """La perplexité de la première validation, de la meilleure et de la dernière, là où elles cachent le moins de mesures."""
    known, inked, drawn = ([dot for dot in dots if dot[1] <= axes.top], [axes.at(point) for point in dots + paths], [])
    for dot in dict.fromkeys(known[:1] + sorted(known, key=lambda dot: dot[1])[:1] + known[-1:]):
        x, y = axes.at(dot)
        middle = min(max(x, LEFT + 68), axes.end - 60)
        bases = [y + rise for rise in (-16, 29, -42, 53, -66, 77, -90) if TOP < y + rise < BOTTOM - 6]
        base = min(bases, key=lambda base: sum(abs(a - middle) < 64 and base - 22 < b < base + 10 for a, b in inked))
        thread = f"M{x},{y}L{(x + middle) / 2},{base + (6 if base < y else -14)}"
        words = _text(middle, base, f"perplexité {perplexity(dot[1])}", text_anchor="middle", fill=INKS[1], **HALO)
        drawn += [_tag("path", d=thread, stroke=INKS[1], stroke_width=0.8), words]
        inked += [(middle, base - 6)] * 1000
    return drawn
