"""Les courbes de perte, dessinées en SVG : une page que l'on garde, et qui se suffit à elle-même."""

import math
from dataclasses import dataclass
from itertools import cycle, pairwise

from atelier import drawing
from atelier.console import number
from atelier.drawing import (
    ASIDE,
    FADED,
    HALO,
    INKS,
    LOOKS,
    RULE,
    Frame,
    broken,
    fitted,
    mark,
    spread,
    stroke,
    tag,
    text,
    ticks,
)

Points = list[drawing.Point]
Rung = tuple[str, str, str]  # un moment de l'entraînement, sa perplexité, ce que le modèle écrivait
Line = tuple[str, Points, Points]  # un trait du dessin : son nom, par où il passe, les points qu'il porte

LEFT, RIGHT, TOP, BOTTOM, HEIGHT = 84, 876, 134, 468, 540
WORSE_THAN_CHANCE = 12  # nats : au hasard, tous les tokens de GPT-2 aussi probables, la perte est de 10,8
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
    drawn = [*_page(title, subtitle, unit, axes, height), *rungs]
    drawn += [text(480, 516 + 22 * rank, note, text_anchor="middle", **ASIDE) for rank, note in enumerate(notes)]
    for path, (ink, *_) in zip(behind, cycle(looks)):
        drawn.append(stroke(path, axes, stroke=ink, stroke_width=1, opacity=0.35))
    for (_, path, dots), (ink, dash, shape) in zip(lines, cycle(looks)):
        drawn.append(stroke(path, axes, stroke=ink, stroke_width=2.4, stroke_dasharray=dash))
        if len(path) == 1:  # un trait d'un seul point ne se verrait pas
            dots = dots + path
        drawn += [mark(axes.at(dot), shape, ink) for dot in dots if dot[1] <= axes.ys[1]]
        drawn += [mark(axes.at(point), "M-6,3L0,-9L6,3Z", ink) for point in _exits(path, axes.ys[1])]
    said = [_note(path, [] if alone else dots, axes.ys[1], unit) for _, path, dots in lines]
    drawn += _labels(lines, axes, said, looks)
    drawn += _perplexities(lines[1][2], behind[0] + lines[0][1], axes) if alone else []
    return drawing.document(title, _description(curves, axes.ys[1], unit), drawn, height)


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


def _axes(lines: list[Line], behind: Points, end: float) -> Frame:
    """Ce que le cadre montre : une courbe qui monte n'y prend, au-dessus des autres, que la moitié de leur hauteur."""
    points = [point for path in (behind, *(path + dots for _, path, dots in lines)) for point in path]
    known = [loss for _, loss in points if loss < math.inf] or [0]
    paths = [[loss for _, loss in path] for _, path, _ in lines if path]
    starts = [path[0] for path in paths if path[-1] <= path[0] < WORSE_THAN_CHANCE]
    peaks = [max(loss for loss in path if loss < math.inf) for path in paths if min(path) < math.inf]
    usual = max(starts) if starts else min(peaks, default=max(known))
    top = min(max(known), usual + max((usual - min(known)) / 2, 0.1))
    margin = max(0.06 * (top - min(known)), 0.02)
    last = max([1, *(step for step, _ in points)])
    return Frame(LEFT, end, TOP, BOTTOM, (0, last), (min(known) - margin, top + margin))


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
            sentences.append(f"« {fitted(curve.name)} », {kind} : {facts}.")
    return " ".join(sentences)


def _ladder(prompt: str, ladder: list[Rung], top: float) -> tuple[list[str], float]:
    """L'amorce, et une suite par barreau, sous les courbes ; puis la hauteur du dessin."""
    if not ladder:
        return [], top
    size, base = 18, top + 24
    words = f"Ce qu'il écrit, à mesure, après « {fitted(prompt)} » :"
    drawn = [text(480, base, words, font_size=17, text_anchor="middle", **ASIDE)]
    for moment, value, sentence in ladder:
        base += 36
        drawn.append(text(140, base, moment, text_anchor="end", fill=FADED))
        drawn.append(text(200, base, value, text_anchor="end", fill=INKS[1]))
        first, rest = broken(sentence, room=700 / size)
        drawn.append(text(220, base, first, font_size=size))
        if rest:
            base += 1.25 * size
            drawn.append(text(220, base, fitted(rest, 700 / size), font_size=size))
    return drawn, round(base + 34)


def _page(title: str, subtitle: str, unit: str, axes: Frame, height: float) -> list[str]:
    """La page, son titre, son cadre : la perte à gauche ; à droite, sur la même ligne, la perplexité qu'elle fait."""
    steps = [(axes.at((step, 0))[0], step) for step in ticks(0, axes.xs[1], least=1)[0]]
    losses, digits = ticks(*axes.ys)
    drawn = [
        *drawing.page(title, subtitle, height),
        text(28, TOP - 16, "perte (par token)", **ASIDE),
        text(932, TOP - 16, "perplexité", text_anchor="end", **ASIDE),
        text(axes.right + 34, BOTTOM + 24, unit, **ASIDE),
        tag("path", d=f"M{LEFT},{BOTTOM}H{axes.right}" + "".join(f"M{x},{BOTTOM}v6" for x, _ in steps), stroke=FADED),
        *(text(x, BOTTOM + 24, number(step), text_anchor="middle") for x, step in steps),
    ]
    for y, loss in [(axes.at((0, loss))[1], loss) for loss in losses]:
        drawn.append(tag("path", d=f"M{LEFT},{y}H{RIGHT}", stroke=RULE, stroke_width=0.8, opacity=0.7))
        drawn.append(text(LEFT - 10, y + 5, number(loss, digits), text_anchor="end"))
        drawn.append(text(RIGHT + 8, y + 5, perplexity(loss), fill=FADED))
    return drawn


def _labels(lines: list[Line], axes: Frame, notes: list[str], looks: list) -> list[str]:
    """Chaque nom au bout de son trait, écarté de ses voisins, vers le bas puis vers le haut ; un fil l'y rattache."""
    size = min(16, 0.4 * (BOTTOM - TOP) / max(1, len(lines)))
    height = size * (2.4 if any(notes) else 1.4)
    stops = [
        (_exits(path, axes.ys[1]) if path[-1][1] > axes.ys[1] else path)[-1:] if path else [] for _, path, _ in lines
    ]
    ends = sorted((axes.at(stop)[::-1], style) for style, found in enumerate(stops) for stop in found)
    places = spread([y for (y, _), _ in ends], height, TOP, BOTTOM)
    drawn, left = [], axes.right + 44
    for ((y, x), style), place in zip(ends, places):
        (ink, _, shape), (name, _, dots) = looks[style % len(looks)], lines[style]
        drawn.append(tag("path", d=f"M{x + 5},{y}L{left - 20},{place:.1f}", stroke=ink, stroke_width=0.8, opacity=0.7))
        drawn += [mark((left - 12, round(place, 1)), shape, ink)] if dots else []
        base = place + size * (-0.15 if notes[style] else 0.35)
        drawn.append(text(left, base, fitted(name, 178 / size), font_size=round(size, 1), fill=ink, **HALO))
        drawn.append(text(left, base + size * 1.1, notes[style], font_size=round(size * 0.88, 1), fill=FADED, **HALO))
    return drawn


def _perplexities(dots: Points, paths: Points, axes: Frame) -> list[str]:
    """La perplexité de la première validation, de la meilleure et de la dernière, là où elles cachent le moins de mesures."""
    known, inked, drawn = (
        [dot for dot in dots if dot[1] <= axes.ys[1]],
        [axes.at(point) for point in dots + paths],
        [],
    )
    for dot in dict.fromkeys(known[:1] + sorted(known, key=lambda dot: dot[1])[:1] + known[-1:]):
        x, y = axes.at(dot)
        middle = min(max(x, LEFT + 68), axes.right - 60)
        bases = [y + rise for rise in (-16, 29, -42, 53, -66, 77, -90) if TOP < y + rise < BOTTOM - 6]
        base = min(bases, key=lambda base: sum(abs(a - middle) < 64 and base - 22 < b < base + 10 for a, b in inked))
        thread = f"M{x},{y}L{(x + middle) / 2},{base + (6 if base < y else -14)}"
        words = text(middle, base, f"perplexité {perplexity(dot[1])}", text_anchor="middle", fill=INKS[1], **HALO)
        drawn += [tag("path", d=thread, stroke=INKS[1], stroke_width=0.8), words]
        inked += [(middle, base - 6)] * 1000
    return drawn
