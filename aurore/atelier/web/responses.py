"""Ce que la page répond : les événements d'un texte qui s'écrit, et ce qu'il en reste à la fin."""

import json
import selectors
import socket
from collections.abc import Iterator

from atelier.errors import AuroreError
from atelier.models.continuation import kept
from atelier.text.sentence_ends import ends_a_sentence
from atelier.web.engine import Engine, QueuePosition, Sequence
from atelier.web.insults import mask
from atelier.web.prose import printed
from atelier.writing import originality
from atelier.writing.streaming import Token


def events(engine: Engine, sequence: Sequence) -> Iterator[tuple[str, dict]]:
    """(nom, contenu) de chaque événement : « place » dans la file, « token », « wait » s'il n'y a rien de neuf, et pour finir « done ».

    Qui abandonne l'itérateur, même sans l'avoir commencé, abandonne la demande.
    """
    response = _events(engine, sequence)
    next(response)
    return response


def _events(engine: Engine, sequence: Sequence) -> Iterator[tuple[str, dict]]:
    try:
        yield "wait", {}  # pour `events` : un générateur qui n'a pas commencé ne passe pas par son `finally`
        request, interrupted, tokens = sequence.request, None, []
        before = prompt = request.prompt
        try:
            read = list(mask(engine.read(sequence), "")) if request.echo and request.logprobs else []
            for output in mask(engine.follow(sequence), prompt):
                if isinstance(output, Token):
                    tokens.append(output)
                    yield "token", described(output, before)
                    before += output.piece
                elif isinstance(output, QueuePosition):
                    yield "place", {"place": output.number}
                else:
                    yield "wait", {}
        except AuroreError as error:
            interrupted = str(error)
        done = _done(engine, sequence, tokens, interrupted)
        if request.logprobs:
            done["tokens"] = [described(token) for token in [*read, *tokens]]
        yield "done", done
    finally:
        engine.abort(sequence)


def _done(engine: Engine, sequence: Sequence, tokens: list[Token], interrupted: str | None) -> dict:
    """Ce qu'il y a à dire d'un texte fini, ou interrompu, et de ses tokens."""
    request, prompt = sequence.request, sequence.request.prompt
    number = kept(prompt, [token.piece for token in tokens]) if request.sentence else len(tokens)
    text = "".join(token.piece for token in tokens[:number])
    done = {
        "text": prompt + text if request.echo else text,
        "printed": printed(prompt + text)[len(prompt) :],
        "kept": number,
        "finish_reason": _finish_reason(sequence, text, cut=number < len(tokens)),
        "model": sequence.model_name,
        "seed": request.seed,
        "prompt_tokens": len(sequence.text.prompt),
        "new_tokens": len(tokens),
        "quotation": quotation(prompt, text, engine, sequence.model.titles_read),
    }
    if interrupted:
        done |= {"finish_reason": "interrupted", "error": interrupted}
    return done


def _finish_reason(sequence: Sequence, text: str, cut: bool) -> str:
    """« stop » : le réseau a mis le point final ; « sentence » : le texte finit avec sa phrase ; « length » : rien de cela."""
    request, eos = sequence.request, sequence.model.pipe.tokenizer.eos_token_id
    if not cut and sequence.text.ids[-1:] == [eos]:
        return "stop"
    return "sentence" if request.sentence and ends_a_sentence(request.prompt + text) else "length"


def described(token: Token, before: str = "") -> dict:
    """Un token, tel que la page et les programmes le reçoivent. `before` : ce qui le précède, dont sa typographie dépend."""
    return {
        "id": token.id,
        "text": token.piece,
        "printed": printed(before[-2:] + token.piece)[len(before[-2:]) :],
        "logprob": token.logprob,
        "alternatives": [{"text": text, "probability": probability} for text, probability in token.alternatives],
    }


def quotation(prompt: str, text: str, engine: Engine, titles: set[str]) -> dict | None:
    """La plus longue suite de mots, huit au moins, qui se trouve telle quelle dans ces livres ; `start` et `end`, en caractères du
    texte, l'amorce non comprise."""
    shelf = {title: words for title, words in engine.shelf.items() if title in titles}
    found = originality.longest_quotation(prompt + text, shelf, engine.known, after=len(prompt))
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


def stream(events: Iterator[tuple[str, dict]]) -> Iterator[str]:
    """Les mêmes événements, au format « server-sent events » (https://html.spec.whatwg.org/multipage/server-sent-events.html).

    Une ligne qui commence par « : » ne dit rien au visiteur ; mais s'il est parti, c'est en la lui écrivant qu'on l'apprend.
    """
    for name, content in events:
        if name == "wait":
            yield ":\n\n"
        else:
            yield f"event: {name}\ndata: {json.dumps(content, ensure_ascii=False)}\n\n"


def last(events: Iterator[tuple[str, dict]], visitor: socket.socket | None) -> dict:
    """Le dernier événement, une fois le texte entier. Lève `ConnectionAbortedError` si le visiteur est parti avant."""
    for event in events:
        name, content = event
        if name in ("wait", "place") and visitor and _gone(visitor):
            raise ConnectionAbortedError
    return content


def _gone(visitor: socket.socket) -> bool:
    """Sa connexion est-elle fermée ? Elle se lit alors, et l'on n'y trouve rien."""
    try:
        with selectors.DefaultSelector() as selector:  # `select.select` ne connaît que les mille premiers descripteurs
            selector.register(visitor, selectors.EVENT_READ)
            return bool(selector.select(0)) and not visitor.recv(1, socket.MSG_PEEK)
    except (OSError, ValueError):
        return True
