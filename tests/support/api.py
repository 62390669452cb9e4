"""Ce que l'interface de la page répond à un programme."""

import json
import urllib.error
import urllib.request


def ask(address: str, path: str, body=None) -> tuple[int, dict]:
    """Le code et la réponse de `/api/<path>` : à un GET sans `body`, sinon à un POST de ce corps, en JSON s'il n'est pas en octets."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(f"{address}/api/{path}", data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=600) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
