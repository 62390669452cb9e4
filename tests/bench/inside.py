"""`/dedans` et `/jeu` sous la charge : une personne seule, puis quarante, pendant que quarante textes s'écrivent.

    python tests/bench/inside.py

Avec mini. Une personne seule attend sa phrase de vingt tokens ; puis quarante textes s'écrivent seuls, et de nouveau pendant que
quarante visiteurs regardent dans le réseau et devinent des mots, un regard toutes les cinq secondes chacun. Les tours alternent, et la
médiane compte. Code 1 si une phrase seule prend plus de 300 ms, si quelqu'un a une erreur, ou si les textes perdent plus du quart de
leur vitesse.
"""

import asyncio
import json
import random
import statistics
import sys
import time
from pathlib import Path

import server
from page import VISITORS, read, tokens_of

sys.path[:0] = [str(Path(__file__).parents[2] / "aurore")]
SENTENCE = (
    "Cette jeune femme était assise à la fenêtre, et regardait avec tristesse le chemin qui descendait vers la rivière"
)
ROUNDS, THINKING = 5, 5.0  # secondes entre deux regards d'un visiteur
BAR_ALONE, BAR_LOST = 0.3, 0.25


def to_look(chance: random.Random) -> bytes:
    """Ce qu'un visiteur demande : une phrase dans le réseau, ou un mot à deviner."""
    asked = {"prompt": SENTENCE, "block": chance.randrange(6)}
    guessed = {"sentence": chance.randrange(24), "word": chance.randrange(10)}
    path, body = chance.choice((("/api/inside", asked), ("/api/jeu", guessed)))
    return server.request("POST", path, json.dumps(body).encode(), Content_Type="application/json")


async def texts(port: int, first: int) -> float:
    """Quarante textes à la fois : leurs tokens par seconde, tous ensemble."""
    start = time.perf_counter()
    answers = await asyncio.gather(*(read(port, first + number) for number in range(VISITORS)))
    return sum(map(tokens_of, answers)) / (max(answer.ended for answer in answers) - start)


async def beside(port: int, first: int) -> tuple[float, list[server.Exchange]]:
    """La même chose, pendant que quarante visiteurs regardent ; et ce qu'on leur a répondu."""
    looks, over = [], asyncio.Event()

    async def visit(number: int) -> None:
        chance = random.Random(first + number)
        await asyncio.sleep(THINKING * number / VISITORS)
        while not over.is_set():
            looks.append(await server.ask(port, to_look(chance), patience=120))
            await asyncio.sleep(THINKING)

    visitors = [asyncio.create_task(visit(number)) for number in range(VISITORS)]
    await asyncio.sleep(THINKING)
    speed = statistics.mean([await texts(port, first + 100 * turn) for turn in range(2)])
    over.set()
    await asyncio.gather(*visitors)
    return speed, looks


def main() -> bool:
    with server.started() as page:
        page.wait_idle()
        asked = server.request(
            "POST", "/api/inside", json.dumps({"prompt": SENTENCE}).encode(), Content_Type="application/json"
        )
        alone = [asyncio.run(server.ask(page.port, asked)) for _ in range(12)][2:]
        seconds, size = statistics.median(look.duration for look in alone), len(alone[0].body)
        print(
            f"une phrase, une personne seule : {seconds:.3f} s, {size / 1000:.0f} ko   au plus {BAR_ALONE} s",
            flush=True,
        )
        asyncio.run(texts(page.port, 0))
        ratios, looks = [], []
        for number in range(1, ROUNDS + 1):
            quiet = asyncio.run(texts(page.port, 1000 * number))
            shared, seen = asyncio.run(beside(page.port, 1000 * number))
            ratios.append(shared / quiet)
            looks += seen
            print(
                f"  textes seuls {quiet:.0f} tokens/s, à côté des regards {shared:.0f} : {shared / quiet:.2f}",
                flush=True,
            )
        errors = [look.status for look in looks if look.status != 200]
        lost, waits = 1 - statistics.median(ratios), sorted(look.duration for look in looks)
        print(
            f"{len(looks)} regards, {len(errors)} erreurs {errors[:5] or ''} ; attente médiane {statistics.median(waits):.1f} s, la plus longue {waits[-1]:.1f} s"
        )
        print(f"les textes perdent {lost:.0%} de leur vitesse   au plus {BAR_LOST:.0%}")
    return seconds <= BAR_ALONE and not errors and lost <= BAR_LOST


if __name__ == "__main__":
    sys.exit(not main())
