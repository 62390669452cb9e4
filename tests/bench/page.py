"""La page web devant ses visiteurs : un seul, puis quarante ensemble, qui lisent leur texte à mesure qu'il s'écrit.

    python tests/bench/page.py [--soak MINUTES]

Le modèle embarqué, 60 tokens par texte, tirés comme sur la page. D'abord, la page à peine ouverte : huit visiteurs y arrivent l'un après
l'autre avec une amorce d'une centaine de tokens, comme qui clique sur « Continuer », pendant qu'un neuvième écrit de courts textes ; aucun
texte commencé ne doit s'arrêter longtemps, même si XLA compile. Ensuite, un visiteur seul est comparé au décodeur nu, qui écrit les mêmes textes dans un autre processus ; les
quarante, au visiteur seul. Tout est alors prêt. Les rapports se prennent dans un même tour, et la médiane des tours compte : une machine
partagée n'a pas deux minutes pareilles.
`--soak` : la file d'attente reste pleine tout ce temps, et la mémoire ne doit pas monter. Code 1 si une barre n'est pas atteinte.
"""

import argparse
import asyncio
import collections
import itertools
import json
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

import server

sys.path[:0] = [str(Path(__file__).parents[2] / "aurore"), str(Path(__file__).parents[1] / "support")]
TOKENS, VISITORS, ALONE, ROUNDS = 60, 40, 7, 7
BAR_ALONE, BAR_TOGETHER, BAR_LAST, BAR_GROWTH = 0.8, 5.0, 9.0, 0.05
ARRIVALS, APART, BAR_PAUSE = 8, 0.5, 1.0  # visiteurs aux longues amorces ; secondes entre deux, et sans un token
WAITING = 200  # visiteurs de la longue épreuve
SAMPLE, SETTLED = 10, 60  # secondes entre deux mesures de la mémoire, et avant la première qui compte
WHEN = ("Ce matin-là,", "Le soir venu,", "Au bout du chemin,", "Pendant tout l'hiver,", "Un dimanche de juin,")
WHO = (
    "la vieille femme",
    "le meunier",
    "les deux frères",
    "la jeune fille",
    "le vieux comte",
    "le berger",
    "les enfants",
    "le curé",
)
PROMPTS = [f"{when} {who}" for who in WHO for when in WHEN]


def fields(number: int) -> dict:
    """Ce que le visiteur `number` demande : son amorce et son hasard."""
    return {"prompt": PROMPTS[number % len(PROMPTS)], "seed": number, "max_new_tokens": TOKENS}


def bare() -> None:
    """Le décodeur nu : à chaque ligne, les numéros de textes à écrire l'un après l'autre ; rend leurs vitesses, en tokens/s."""
    import atelier.quiet

    from alone import stream

    from atelier import settings
    from atelier.models import sampling
    from atelier.models.continuation import Text
    from atelier.models.sampling import Sampling
    from atelier.writing import generation

    pipe = generation.load_pipeline(settings.MINI)
    sampling = Sampling(sampling.TEMPERATURE, sampling.TOP_P, sampling.TOP_K)

    def speed(number: int) -> float:
        asked, start = fields(number), time.perf_counter()
        ids = pipe.tokenizer(asked["prompt"])["input_ids"]
        written = list(stream(pipe.model, pipe.tokenizer, Text(pipe.tokenizer, ids, TOKENS, sampling, asked["seed"])))
        return len(written) / (time.perf_counter() - start)

    for line in sys.stdin:
        print(json.dumps([speed(number) for number in json.loads(line)]), flush=True)


async def read(port: int, number: int) -> server.Exchange:
    return await server.ask(port, server.to_write(**fields(number), stream=True))


def tokens_of(answer: server.Exchange) -> int:
    """Les tokens reçus, comptés un à un. Lève `ValueError` si le texte n'est pas entier."""
    if answer.status != 200:
        raise ValueError(f"{answer.status} {answer.body[:200]!r}")
    events = answer.events
    received = sum(name == "token" for name, _ in events)
    name, end = events[-1]
    if name != "done" or end["new_tokens"] != received or not (received == TOKENS or end["finish_reason"] == "stop"):
        raise ValueError(
            f"texte incomplet : {received} tokens, puis « {name} » {json.dumps(end, ensure_ascii=False)[:200]}"
        )
    return received


async def alone(port: int, numbers: list[int]) -> list[float]:
    """Un visiteur, un texte après l'autre : les vitesses."""
    answers = [await read(port, number) for number in numbers]
    return [tokens_of(answer) / answer.duration for answer in answers]


async def together(port: int, numbers: list[int]) -> tuple[float, float]:
    """Tous en même temps : les tokens/s de l'ensemble, et quand le dernier texte a fini. Ce que le client coûte en est."""
    start = time.perf_counter()
    answers = await asyncio.gather(*(read(port, number) for number in numbers))
    last = max(answer.ended for answer in answers) - start
    return sum(map(tokens_of, answers)) / last, last


async def arrivals(port: int) -> tuple[float, float]:
    """Des visiteurs aux longues amorces, l'un après l'autre, pendant qu'un autre écrit sans cesse de courts textes.

    Rend la plus longue pause d'un texte commencé, et la plus longue attente d'un premier token, en secondes.
    """
    answers = []

    async def visit(number: int) -> None:
        await asyncio.sleep(APART * (number + 1))
        prompt = " ".join(PROMPTS[number : number + 14])
        answers.append(await server.ask(port, server.to_write(**fields(number) | {"prompt": prompt}, stream=True)))

    async def write_on() -> None:
        while len(answers) < ARRIVALS:
            witnessed.append(await read(port, len(witnessed)))

    witnessed = []
    await asyncio.gather(write_on(), *map(visit, range(ARRIVALS)))
    for answer in answers + witnessed:
        tokens_of(answer)
    pauses = [after - before for each in answers + witnessed for before, after in itertools.pairwise(each.token_times)]
    return max(pauses), max(answer.token_times[0] for answer in answers)


def show_pauses(page: server.Server) -> bool:
    """La table des pauses : la page à peine ouverte, puis de nouveau."""
    print(f"{'secondes':<28} {'pause':>9} {'premier':>9} {'barre':>15}")
    held = True
    for when in ("page à peine ouverte", "ensuite"):
        pause, first = asyncio.run(arrivals(page.port))
        print(f"{when:<28} {pause:>9.2f} {first:>9.2f} {BAR_PAUSE:>15}", flush=True)
        held = held and pause <= BAR_PAUSE
    return held


def compare(page: server.Server) -> bool:
    """Les tours, puis la table. Rend si toutes les barres sont atteintes."""
    decoder = subprocess.Popen(
        [sys.executable, __file__, "bare"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )

    def bare_speeds(numbers: list[int]) -> list[float]:
        print(json.dumps(numbers), file=decoder.stdin, flush=True)
        return json.loads(decoder.stdout.readline())

    page.wait_idle()
    bests, rounds, used = collections.defaultdict(list), collections.defaultdict(list), 0.0
    for round in range(-2, ROUNDS):  # les deux premiers, pour que tout soit tracé
        few, many = ([1000 * (round + 2) + number for number in range(count)] for count in (ALONE, VISITORS))
        nude, one, clock = bare_speeds(few), asyncio.run(alone(page.port, few)), time.process_time()
        total, last = asyncio.run(together(page.port, many))
        used = max(used, (time.process_time() - clock) / last)
        if round < 0:
            print(
                f"Pour commencer : {one[0]:.0f} tokens/s seul, {total:.0f} à {VISITORS}, dernier texte après {last:.1f} s.",
                flush=True,
            )
            continue
        speed = statistics.median(one)
        for name, values in (("nu", nude), ("seul", one), ("ensemble", [total])):
            bests[name] += values
        rounds["seul"].append(speed / statistics.median(nude))
        rounds["ensemble"].append(total / speed)
        rounds["dernier"].append(last * speed / TOKENS)
        rounds["secondes"].append(last)
    decoder.stdin.close()
    decoder.wait()

    ratios = {name: statistics.median(values) for name, values in rounds.items()}
    print(f"{'tokens/s':<28} {'meilleur':>9} {'médiane':>9} {'rapport':>8} {'barre':>6}")
    titles = {"nu": "décodeur nu, un texte", "seul": "page, un visiteur", "ensemble": f"page, {VISITORS} visiteurs"}
    for (name, title), bar in zip(titles.items(), ("", BAR_ALONE, BAR_TOGETHER)):
        ratio = f"{ratios[name]:.2f}" if bar else ""
        print(f"{title:<28} {max(bests[name]):>9.0f} {statistics.median(bests[name]):>9.0f} {ratio:>8} {bar:>6}")
    seconds = rounds["secondes"]
    print(
        f"{'le dernier a fini (s)':<28} {min(seconds):>9.2f} {ratios['secondes']:>9.2f} {ratios['dernier']:>8.2f} {BAR_LAST:>6}"
    )
    print(
        f"Rapports de chaque tour : {', '.join(f'{a:.2f} / {b:.2f}' for a, b in zip(rounds['seul'], rounds['ensemble']))}."
    )
    print(f"Le client a pris au plus {used:.0%} d'un cœur.")
    return ratios["seul"] >= BAR_ALONE and ratios["ensemble"] >= BAR_TOGETHER and ratios["dernier"] <= BAR_LAST


async def soak(page: server.Server, minutes: float) -> bool:
    """Plus de visiteurs que de places, tout ce temps ; qui est renvoyé attend ce qu'on lui dit, et revient."""
    end, counts, errors, memory = (time.monotonic() + 60 * minutes, collections.Counter(), collections.Counter(), [])

    async def visit(number: int) -> None:
        chance = random.Random(number)
        while time.monotonic() < end:
            asked = fields(chance.randrange(10**6)) | {
                "max_new_tokens": chance.choice((20, 60, 120)),
                "stream": chance.random() < 0.8,
            }
            answer = await server.ask(page.port, server.to_write(**asked, logprobs=chance.random() < 0.5), patience=300)
            if answer.status == 503 and "retry-after" in answer.headers:
                counts["renvoyés"] += 1
                await asyncio.sleep(float(answer.headers["retry-after"]))
                continue
            whole = answer.status == 200 and (not asked["stream"] or answer.events[-1][0] == "done")
            counts["textes"] += whole
            if not whole:
                errors[f"{answer.status} {answer.body[-150:]!r}"] += 1

    async def measure() -> None:
        start = time.monotonic()
        while time.monotonic() < end:
            health = await asyncio.to_thread(page.health)
            memory.append((time.monotonic() - start, page.memory()))
            print(
                f"{memory[-1][0]:>6.0f} s {memory[-1][1]:>8.1f} Mo   écrits {health['writing']:>3}, en attente {health['waiting']:>3}, "
                f"textes {counts['textes']}, renvoyés {counts['renvoyés']}, erreurs {errors.total()}",
                flush=True,
            )
            await asyncio.sleep(SAMPLE)

    await asyncio.gather(measure(), *map(visit, range(WAITING)))
    first, *others = [size for seconds, size in memory if seconds >= min(SETTLED, 30 * minutes)]
    growth = max([first, *others]) / first - 1
    print(
        f"{counts['textes']} textes, {counts['renvoyés']} fois « revenez plus tard », {errors.total()} erreurs ; mémoire {first:.0f} Mo, "
        f"{growth:+.1%} au plus haut (barre : {BAR_GROWTH:.0%})."
    )
    for error, times in errors.most_common(10):
        print(f"  {times} × {error}")
    return not errors and counts["textes"] > 0 and growth < BAR_GROWTH


def main() -> None:
    parser = argparse.ArgumentParser(description="La page web devant ses visiteurs.")
    parser.add_argument(
        "--soak", type=float, nargs="?", const=10, metavar="MINUTES", help="la longue épreuve (10 par défaut)"
    )
    options = parser.parse_args()
    with server.started() as page:
        if options.soak:
            held = asyncio.run(soak(page, options.soak))
        else:
            held = all([show_pauses(page), compare(page)])
    sys.exit(not held)


if __name__ == "__main__":
    bare() if sys.argv[1:] == ["bare"] else main()
