"""Les courbes de perte : ce qu'on y lit, et ce qu'elles ne perdent pas quand les mesures sont étranges."""

import math
import re
from xml.etree import ElementTree

import pytest

from atelier.training.curves import Curve, picture

SVG = "{http://www.w3.org/2000/svg}"
LEFT, RIGHT, TOP, BOTTOM = 0, 960, 120, 470  # entre le titre et les graduations des pas


def run(name="essai", start=3.9, end=3.4, steps=200, wrong=None) -> Curve:
    """Une perte qui descend, un peu bruitée, et qui vaut `wrong` à partir du pas 120 ; une validation tous les dix pas."""
    losses = [start + (end - start) * step / steps + 0.05 * math.sin(7 * step) for step in range(1, steps + 1)]
    if wrong is not None:
        losses[119:] = [wrong] * (steps - 119)
    evaluated = list(range(0, steps + 1, 10))
    validation = [start + (end - start) * step / steps if wrong is None or step < 120 else wrong for step in evaluated]
    return Curve(name, list(range(1, steps + 1)), losses, evaluated, validation)


def draw(*curves: Curve) -> ElementTree.Element:
    return ElementTree.fromstring(picture("Titre", list(curves), "sous-titre"))


def texts(svg) -> list[str]:
    return [text.text for text in svg.iter(SVG + "text")]


def placed(svg, content: str) -> tuple[float, float]:
    """Où est écrit ce texte."""
    (text,) = [text for text in svg.iter(SVG + "text") if text.text == content]
    return float(text.get("x")), float(text.get("y"))


def lines(svg) -> list:
    """Les traits des courbes, dans leur ordre : eux seuls disent s'ils sont pleins ou pointillés."""
    return [path for path in svg.iter(SVG + "path") if path.get("stroke-dasharray")]


def points(path) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([^,A-Za-z]+),([^,A-Za-z]+)", path.get("d"))]


def markers(svg, ink: str) -> list[tuple[float, float]]:
    found = [
        path.get("transform") for path in svg.iter(SVG + "path") if path.get("fill") == ink and path.get("transform")
    ]
    return [tuple(map(float, re.findall(r"[\d.]+", place))) for place in found]


def test_a_training_shows_its_noise_its_trend_and_three_perplexities():
    curve = Curve("essai", list(range(1, 301)), run(steps=300).losses, [0, 100, 200, 300], [3.9, 3.6, 3.49, 3.7])
    svg = draw(curve)
    raw, trend, validation = [
        path for path in svg.iter(SVG + "path") if path.get("fill") == "none" and len(points(path)) > 3
    ]
    assert [len(points(path)) for path in (raw, trend, validation)] == [300, 300, 4]
    roughness = [
        sum(abs(y - next_y) for (_, y), (_, next_y) in zip(points(path), points(path)[1:])) for path in (raw, trend)
    ]
    assert roughness[1] < roughness[0] / 3 and float(raw.get("stroke-width")) < float(trend.get("stroke-width"))
    assert trend.get("stroke-dasharray") != validation.get("stroke-dasharray") and trend.get(
        "stroke"
    ) != validation.get("stroke")
    assert set(points(validation)) <= set(markers(svg, validation.get("stroke"))), "un point par validation"
    assert [text for text in texts(svg) if text.startswith("perplexité ")] == [
        "perplexité 49,4",
        "perplexité 32,8",
        "perplexité 40,4",
    ], "la première, la meilleure, la dernière"
    for content, place in (("perplexité 49,4", 0), ("perplexité 32,8", 2), ("perplexité 40,4", 3)):
        x, y = points(validation)[place]
        assert math.dist(placed(svg, content), (x, y)) < 130
    for name, path in (("entraînement", trend), ("validation", validation)):
        assert placed(svg, name)[0] > points(path)[-1][0] and abs(placed(svg, name)[1] - points(path)[-1][1]) < 40


def test_the_two_perplexities_do_not_hide_each_other():
    svg = draw(Curve("essai", [1, 300], [3.9, 3.4], [100, 101], [3.61, 3.6]))
    (x, y), (other_x, other_y) = placed(svg, "perplexité 37,0"), placed(svg, "perplexité 36,6")
    assert abs(y - other_y) > 15 or abs(x - other_x) > 130


def test_each_loss_faces_its_perplexity_and_numbers_are_french():
    svg = draw(Curve("essai", [1, 10_000, 30_000], [9.5, 7.0, 3.4], [], []))
    heights = {}
    for text in svg.iter(SVG + "text"):
        if re.fullmatch(r"[\d,\u00a0]+", text.text):
            heights.setdefault(text.get("y"), []).append(float(text.text.replace("\u00a0", "").replace(",", ".")))
    facing = [numbers for numbers in heights.values() if len(numbers) == 2]
    assert all(TOP < float(y) - 5 <= 468 for y, numbers in heights.items() if len(numbers) == 2)
    assert len(facing) > 3 and all(perplexity == pytest.approx(math.exp(loss), rel=0.02) for loss, perplexity in facing)
    assert {"10\u00a0000", "30\u00a0000", "pas", "perte (par token)", "perplexité"} <= set(texts(svg))
    losses = [loss for loss, _ in facing]
    x, y = points(lines(svg)[0])[-1]
    (high, loss), (low, other) = [(placed(svg, f"{loss:.0f}")[1] - 5, loss) for loss in (max(losses), min(losses))]
    assert loss + (y - high) * (other - loss) / (low - high) == pytest.approx(3.4, abs=0.02), (
        "le point est en face de sa perte"
    )
    assert x == placed(svg, "30\u00a0000")[0], "et au-dessus de son pas"


STRANGE = {
    "rien": [],
    "aucune mesure": [Curve("vide", [], [], [], [])],
    "un seul point": [Curve("un", [1], [3.5], [], [])],
    "une seule validation": [Curve("une", [], [], [100], [3.5])],
    "toujours la même": [Curve("plate", [1, 2, 3], [3.5] * 3, [1, 3], [3.5, 3.5])],
    "plus un nombre": [Curve("nan", [1, 2], [math.nan] * 2, [2], [math.inf])],
    "un trou": [Curve("trou", [1, 2, 3, 4], [3.5, math.nan, 1e300, 3.4], [2, 4], [3.6, -math.inf])],
    "une perte énorme": [Curve("somme", [1, 2, 3], [9e5, 8e5, 7e5], [3], [7e5])],
    "une validation sans entraînement": [Curve("nan", [1], [math.nan], [1], [3.5]), Curve("vide", [], [], [], [])],
    "une explosion": [Curve("boum", [1, 2], [3.5, 1e300], [], [])],
    "une perte nulle": [Curve("zéro", [1, 2], [0.01, 0.0], [2], [0.0])],
    "deux, dont une vide": [Curve("vide", [], [], [], []), run()],
    "deux, dont une sans entraînement": [Curve("validation seule", [], [], [1, 2], [3.5, 3.4]), run()],
    "dix": [
        run(f"réglage {index}", end=3.3 + index / 50, wrong=math.inf if index % 4 == 1 else None) for index in range(10)
    ],
}


@pytest.mark.parametrize("curves", STRANGE.values(), ids=STRANGE)
def test_whatever_was_measured_the_drawing_stays_in_its_frame(curves):
    svg = draw(*curves)
    assert not re.search(r"\b(?:nan|inf)\b", " ".join(value for each in svg.iter() for value in each.attrib.values()))
    drawn = [point for path in lines(svg) for point in points(path)]
    assert all(LEFT < x < RIGHT and TOP < y < BOTTOM for x, y in drawn)
    for line, curve in zip(lines(svg), curves):
        finite = any(abs(loss) < 1e6 for loss in curve.losses)
        assert not finite or len(points(line)) > 1 or markers(svg, line.get("stroke")), "une mesure seule se voit aussi"
        assert len(curves) == 1 or not curve.validation_losses or curve.name in texts(svg)
    assert max(map(len, texts(svg))) < 120, "aucun nombre n'a trois cents chiffres"


@pytest.mark.parametrize("wrong", [8.0, 1e5, 1e300, math.inf, math.nan])
def test_a_curve_that_diverges_leaves_by_the_top_and_does_not_flatten_the_others(wrong):
    svg = draw(run("sage"), run("folle", wrong=wrong), run("prudente", end=3.6))
    calm, mad, _ = (points(path) for path in lines(svg))
    assert max(y for _, y in calm) - min(y for _, y in calm) > 150, "la moitié du cadre"
    frame_top = min(y for _, y in mad)
    exit_x, exit_y = next(point for point in mad if point[1] == frame_top)
    assert exit_y < min(y for _, y in calm) and exit_x == pytest.approx(calm[12][0], abs=1)
    ink, commands = lines(svg)[1].get("stroke"), re.findall("[ML]", lines(svg)[1].get("d"))
    outside = [
        command for command, before, after in zip(commands[1:], mad, mad[1:]) if before[1] == after[1] == frame_top
    ]
    assert len(outside) > 6 and set(outside) == {"M"}, "elle ne longe pas le haut du cadre"
    assert [place for place in markers(svg, ink) if place[1] == frame_top] == [(exit_x, exit_y)], (
        "une marque, là où elle sort"
    )
    threads = [
        points(path)
        for path in svg.iter(SVG + "path")
        if path.get("stroke") == ink and path.get("stroke-width") == "0.8"
    ]
    (name_x, name_y) = placed(svg, "folle")
    assert any(
        math.dist(start, (exit_x, exit_y)) < 10 and math.dist(end, (name_x, name_y)) < 40 for start, end in threads
    )
    (note,) = [text for text in texts(svg) if text.startswith("sort du cadre")]
    assert note == "sort du cadre au pas 120"


def test_a_curve_that_starts_out_of_hand_does_not_flatten_the_others_either():
    svg = draw(run("sage"), Curve("folle", [1, 100, 200], [60.0, 30.0, 20.0], [], []))
    heights = [y for _, y in points(lines(svg)[0])]
    assert max(heights) - min(heights) > 150


@pytest.mark.parametrize("ends", [[3.4] * 10, [3.4 + index / 300 for index in range(10)], [3.3, 3.9, 3.9, 3.9, 3.9]])
def test_names_stand_at_the_end_of_their_lines_and_never_overlap(ends):
    svg = draw(*(run(f"réglage {index}", end=end) for index, end in enumerate(ends)))
    names = [placed(svg, f"réglage {index}") for index in range(len(ends))]
    written = [text for text in svg.iter(SVG + "text") if float(text.get("x")) == names[0][0] and text.text != "pas"]
    rows = sorted((float(text.get("y")), float(text.get("font-size"))) for text in written)
    assert len(rows) == 2 * len(ends) and all(
        above + 0.9 * size <= below for (above, _), (below, size) in zip(rows, rows[1:])
    )
    assert all(TOP < y < BOTTOM for y, _ in rows)
    last = [points(path)[-1] for path in lines(svg)]
    assert all(x < name[0] for (x, _), name in zip(last, names))
    order = sorted(range(len(ends)), key=lambda index: last[index][1])
    assert [names[index][1] for index in order] == sorted(y for _, y in names), "dans l'ordre des fins de trait"


def test_ten_curves_differ_by_more_than_their_colour_and_all_stand_out_from_the_paper():
    svg = draw(*(run(f"réglage {index}", end=3.3 + index / 20) for index in range(10)))
    shapes = [
        path.get("d") for path in svg.iter(SVG + "path") if path.get("transform") and path.get("d").startswith("M")
    ]
    looks = [(path.get("stroke"), path.get("stroke-dasharray")) for path in lines(svg)]
    assert (
        len(set(looks)) == 10
        and len({dash for _, dash in looks}) == len({ink for ink, _ in looks}) == len(set(shapes)) == 5
    )
    paper = svg.find(SVG + "rect").get("fill")
    inks = {each.get("stroke") for each in lines(svg)} | {
        text.get("fill") or svg.get("fill") for text in svg.iter(SVG + "text")
    }
    assert all(contrast(ink, paper) >= 4.5 for ink in inks)


def contrast(ink: str, paper: str) -> float:
    """Le rapport de contraste de WCAG."""

    def luminance(colour: str) -> float:
        shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
        return sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear))

    return (luminance(paper) + 0.05) / (luminance(ink) + 0.05)


def test_names_are_written_as_they_are_and_cut_when_they_are_too_long():
    name, long = """<b>"l'été" & 1\x00""", "un réglage dont le nom n'en finit vraiment pas"
    svg = draw(run(name), run(long), run("M" * 99))
    assert name.rstrip("\x00") in texts(svg)
    cut = sorted((text for text in texts(svg) if text.endswith("…")), key=len, reverse=True)
    assert len(cut) == 2 and long.startswith(cut[0][:-1]) and len(cut[0]) > 15 and len(cut[1]) < 15
    title = ElementTree.fromstring(picture("<i>& " * 40, [run()])).findtext(SVG + "title")
    assert title == ("<i>& " * 40).strip()


def test_the_picture_speaks_to_those_who_do_not_see_it():
    svg = draw(run("sage"), run("folle", wrong=math.nan))
    assert svg.get("role") == "img" and svg.findtext(SVG + "title") == "Titre"
    told = svg.findtext(SVG + "desc")
    assert "« sage », validation : de 3,90 (perplexité 49,4) à 3,40 (perplexité 30,0)" in told
    assert re.search(r"« sage », entraînement : de 3,9\d \(perplexité \d\d,\d\) à 3,4\d", told)
    assert "« folle », entraînement" in told and "sort du cadre au pas 120" in told


def test_several_trainings_compare_their_validation_and_leave_their_training_behind():
    svg = draw(run("un"), run("deux", end=3.5), run("trois", end=3.6))
    assert [len(points(path)) for path in lines(svg)] == [21, 21, 21], "un trait par validation"
    behind = [path for path in svg.iter(SVG + "path") if path.get("opacity") == "0.35"]
    assert [len(points(path)) for path in behind] == [200] * 3
    assert [path.get("stroke") for path in behind] == [path.get("stroke") for path in lines(svg)]
    assert all(float(path.get("stroke-width")) < 2 for path in behind)
    assert any("en trait fin, la perte d'entraînement" in text for text in texts(svg)), "et le dessin le dit"


def test_brown_dashed_squares_are_the_validation_and_nothing_else():
    alone, together = draw(run()), draw(*(run(f"réglage {index}") for index in range(24)))
    _, validation = lines(alone)
    looks = {(path.get("stroke"), path.get("stroke-dasharray")) for path in lines(together)}
    assert (validation.get("stroke"), validation.get("stroke-dasharray")) not in looks and len(looks) == 24


@pytest.mark.parametrize("steps, noisy", [(13, True), (45, True), (400, False)])
def test_the_picture_says_what_perplexity_is_and_that_few_steps_are_noise(steps, noisy):
    svg = draw(run(steps=steps))
    assert any("comme devant un dé à 40 faces" in text for text in texts(svg))
    assert any("Fiez-vous à la validation" in text for text in texts(svg)) == noisy


def test_what_the_model_wrote_stands_under_the_curve_whole_and_as_it_is():
    long = "… elle se promenait au bord de l'eau, et " + "le vent tournait dans les peupliers ; " * 2 + "fin"
    ladder = [
        ("avant", "36,4", "… <b>& « lui » \x00dit"),
        ("pas 1\u00a0220", "27,1", long),
        ("pas 9", "9,00", "M" * 200),
    ]
    svg = ElementTree.fromstring(picture("Titre", [run()], prompt="Elle <regarda>, et", ladder=ladder))
    shown, height = texts(svg), float(svg.get("viewBox").split()[-1])
    assert any("« Elle <regarda>, et »" in text for text in shown) and "… <b>& « lui » dit" in shown
    assert {"avant", "36,4", "pas 1\u00a0220", "27,1", "pas 9"} <= set(shown)
    assert any(" ".join(pair) == long for pair in zip(shown, shown[1:])), "en deux lignes, coupées entre deux mots"
    rows = [(float(text.get("y")), float(text.get("font-size", 15))) for text in svg.iter(SVG + "text")]
    assert max(y for y, _ in rows) < height - 14 and float(svg.find(SVG + "rect").get("height")) == height > 600
    rungs = [text for text in svg.iter(SVG + "text") if float(text.get("x")) == 220]
    assert all(float(text.get("font-size")) >= 18 for text in rungs), "lisible de loin"
    assert len(rungs) == 5 and all(
        float(above.get("y")) + 18 < float(below.get("y")) for above, below in zip(rungs, rungs[1:])
    )


def test_the_picture_needs_nothing_but_itself():
    text = picture("Titre", [run()])
    svg = ElementTree.fromstring(text)
    assert {each.tag.removeprefix(SVG) for each in svg.iter()} == {"svg", "title", "desc", "rect", "path", "text"}
    assert text.count("http") == 1 and "url(" not in text and "href" not in text
    paper = svg.find(SVG + "rect")
    assert svg.get("viewBox") == "0 0 960 540" and (paper.get("width"), paper.get("height")) == ("960", "540")
