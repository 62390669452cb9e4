"""Ce que la page répond : les événements d'un texte qui s'écrit, et ce qu'il en reste à la fin."""

import json
import select
import socket
from collections.abc import Iterator

from atelier.errors import AuroreError
from atelier.web.insults import mask
from atelier.web.prose import kept, printed
from atelier.web.writing import Job, Place, Writer
from atelier.writing import originality
from atelier.writing.streaming import Token


def events(writer: Writer, job: Job) -> Iterator[tuple[str, dict]]:
    """(nom, contenu) de chaque événement : « place » dans la file, « token », « wait » s'il n'y a rien de neuf, et pour finir « done ».

    Qui abandonne l'itérateur, même sans l'avoir commencé, abandonne la demande.
    """
    answer = _events(writer, job)
    next(answer)
    return answer


def _events(writer: Writer, job: Job) -> Iterator[tuple[str, dict]]:
    try:
        yield ("wait", {})  # pour `events` : un générateur qui n'a pas commencé ne passe pas par son `finally`
        yield from _told(writer, job)
    finally:
        writer.leave(job)


def _told(writer: Writer, job: Job) -> Iterator[tuple[str, dict]]:
    demand, interrupted, tokens = job.demand, None, []
    before = prompt = demand.prompt.strip()
    try:
        read = list(mask(writer.read(job), "")) if demand.echo and demand.logprobs else []
        for news in mask(writer.follow(job), prompt):
            if isinstance(news, Token):
                tokens.append(news)
                yield "token", described(news, before)
                before += news.piece
            else:
                yield ("place", {"place": news.number}) if isinstance(news, Place) else ("wait", {})
    except AuroreError as error:
        interrupted = str(error)
    number = kept(prompt, [token.piece for token in tokens]) if demand.sentence else len(tokens)
    text = "".join(token.piece for token in tokens[:number])
    if interrupted:
        reason = "interrupted"
    elif any(token.piece.strip() for token in tokens[number:]):
        reason = "sentence"
    else:
        reason = "length" if len(tokens) == demand.max_new_tokens else "stop"
    done = {
        "text": prompt * demand.echo + text,
        "printed": printed(prompt + text)[len(prompt) :],
        "kept": number,
        "finish_reason": reason,
        "model": job.model,
        "seed": demand.seed,
        "prompt_tokens": len(job.text.prompt),
        "new_tokens": len(tokens),
        "quotation": quotation(prompt, text, writer),
    }
    if demand.logprobs:
        done["tokens"] = [described(token) for token in [*read, *tokens]]
    yield "done", done | ({"error": interrupted} if interrupted else {})


def described(token: Token, before: str = "") -> dict:
    """Un token, tel que la page et les programmes le reçoivent. `before` : ce qui le précède, dont sa typographie dépend."""
    return {
        "id": token.id,
        "text": token.piece,
        "printed": printed(before[-2:] + token.piece)[len(before[-2:]) :],
        "logprob": token.logprob,
        "alternatives": [{"text": text, "probability": probability} for text, probability in token.alternatives],
    }


def quotation(prompt: str, text: str, writer: Writer) -> dict | None:
    """La plus longue suite de mots qui se trouve telle quelle dans les livres lus ; `start` et `end`, en caractères du texte, l'amorce non comprise."""
    found = originality.longest_quotation(prompt + text, writer.shelf, writer.known, after=len(prompt))
    if not found:
        return None
    start, end = found.start - len(prompt), found.end - len(prompt)
    return {
        "words": found.words,
        "text": (prompt + text)[found.start : found.end],
        "book": found.book,
        "start": start,
        "end": end,
    }


def stream(answer: Iterator[tuple[str, dict]]) -> Iterator[str]:
    """Les mêmes événements, au format « server-sent events » (https://html.spec.whatwg.org/multipage/server-sent-events.html).

    Une ligne qui commence par « : » ne dit rien au visiteur ; mais s'il est parti, c'est en la lui écrivant qu'on l'apprend.
    """
    for name, content in answer:
        yield (":\n\n" if name == "wait" else f"event: {name}\ndata: {json.dumps(content, ensure_ascii=False)}\n\n")


def last(answer: Iterator[tuple[str, dict]], visitor: socket.socket | None) -> dict:
    """Le dernier événement, une fois le texte entier. Lève `ConnectionAbortedError` si le visiteur est parti avant."""
    for name, content in answer:
        if name in ("wait", "place") and visitor and _gone(visitor):
            raise ConnectionAbortedError
    return content


def _gone(visitor: socket.socket) -> bool:
    """Sa connexion est-elle fermée ? Elle se lit alors, et l'on n'y trouve rien."""
    try:
        return bool(select.select([visitor], [], [], 0)[0]) and not visitor.recv(1, socket.MSG_PEEK)
    except (OSError, ValueError):
        return True
