"""Cinq cents requêtes qu'aucun navigateur n'enverrait, à la vraie page.

    python tests/bench/malformed.py [GRAINE]

Après chaque genre, une personne demande un vrai texte. Code 1 s'il ne vient pas, si le serveur échoue (un 503 qui dit quand revenir
n'est pas un échec), s'il rend un script, divulgue un fichier, laisse une trace d'exécution, ou si sa mémoire monte de 5 %.
"""

import asyncio
import collections
import json
import random
import sys

from attacks import GOOD, KINDS, LASTING, SCRIPT
from server import Server, Trial, ask, send, started, to_write

AT_ONCE, BAR_GROWTH = 8, 0.05  # requêtes ensemble
LEAKS = (b"root:x:", b"def parse_options", SCRIPT.encode(), b"<img src=x")  # jamais dans une page rendue


async def real_text(port: int, **fields) -> float:
    """Une personne ordinaire demande un texte : combien de secondes. Lève `RuntimeError` si elle ne l'a pas."""
    answer = await ask(port, to_write(**GOOD | fields))
    if answer.status != 200 or not json.loads(answer.body)["text"]:
        raise RuntimeError(f"La page n'écrit plus : {answer.status} {answer.body[:300]!r}")
    return answer.duration


async def attack(page: Server, seed: int) -> bool:
    chance, faults, curious = random.Random(seed), [], {}
    # D'abord, ce qui ne se compile qu'une fois : des textes courts et longs, seuls et nombreux.
    for size in (64, 30, 12, 6, 3, 2, 1):
        for prompt in (GOOD["prompt"], *("Le meunier s'en alla. " * times for times in (12, 25))):
            await asyncio.gather(
                *(real_text(page.port, prompt=prompt, echo=not number, logprobs=not number) for number in range(size))
            )
    memory = [page.memory()]
    print(
        f"{'':<26} {'requêtes':>8} {'Mo':>6} {'ensuite':>8}   réponses\n{'(pour commencer)':<26} {'':>8} {memory[0]:>6.0f}",
        flush=True,
    )

    async def batch(name: str) -> None:
        make, count = KINDS[name]
        places, seen = (asyncio.Semaphore(count if name in LASTING else AT_ONCE), collections.Counter())

        async def one(trial: Trial) -> None:
            async with places:
                said, answer = await send(page.port, trial)
            seen[said] += 1
            failed = (answer.status or 0) >= 500 and not (answer.status == 503 and "retry-after" in answer.headers)
            if (
                failed
                or "html" in answer.headers.get("content-type", "html")
                and any(leak in answer.body for leak in LEAKS)
            ):
                faults.append(
                    f"FAUTE — {name} — {said} — {b''.join(trial.parts)[:300]!r}\n    {bytes(answer.received)[-200:]!r}"
                )
            elif said in ("muette", "sans statut", "fermée sans réponse") and name not in LASTING:
                curious[name, said] = f"à voir — {name} — {said}, par exemple {trial.parts[0][:80]!r}"

        await asyncio.gather(*(one(make(chance)) for _ in range(count)))
        after = await real_text(page.port)
        memory.append(page.memory())
        print(
            f"{name:<26} {count:>8} {memory[-1]:>6.0f} {after:>6.2f} s  ",
            ", ".join(f"{a} × {n}" for a, n in seen.most_common()),
            flush=True,
        )

    lasting = [asyncio.create_task(batch(name)) for name in LASTING]
    for name in [name for name in KINDS if name not in LASTING]:
        await batch(name)
    await asyncio.gather(*lasting)
    growth, traces = max(memory) / memory[0] - 1, page.traces()
    print(*faults, *curious.values(), *(f"TRACE — {last}" for last in traces), sep="\n")
    print(
        f"Mémoire : {growth:+.1%} au plus haut (barre : {BAR_GROWTH:.0%}). Fautes : {len(faults)}. Traces : {len(traces)}."
    )
    return growth < BAR_GROWTH and not traces and not faults


if __name__ == "__main__":
    with started() as page:
        held = asyncio.run(attack(page, int(sys.argv[1]) if sys.argv[1:] else 1804))
    sys.exit(not held)
