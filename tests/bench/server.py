"""La vraie page, lancée dans un dossier jetable, et de quoi lui parler octet par octet sans prendre de temps au serveur."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "aurore" / "5_flask.py"
HOST = "127.0.0.1"
TO_LOAD, TO_STOP, PATIENCE = 180, 30, 30  # secondes : pour s'ouvrir, s'arrêter, répondre


@dataclass
class Server:
    port: int
    process: subprocess.Popen
    folder: Path  # où sont `out` et `err`, ce qu'il a affiché

    def memory(self) -> float:
        """La mémoire résidente, en Mo. Linux seulement."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii", "replace")
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def processor_seconds(self) -> float:
        """Le temps de processeur pris depuis le départ. Linux seulement."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait_idle(self) -> None:
        """Attend que la page n'ait plus rien à faire d'elle-même : tout est alors compilé."""
        before = self.processor_seconds() - 1
        while (now := self.processor_seconds()) - before > 0.02:
            before = now
            time.sleep(1)

    def health(self) -> dict:
        with urllib.request.urlopen(f"http://{HOST}:{self.port}/healthz", timeout=5) as answer:
            return json.load(answer)

    def ready(self) -> bool:
        try:
            return self.health()["status"] == "ready"
        except OSError:  # il n'écoute pas encore
            return False

    def said(self, stream: str) -> str:
        return (self.folder / stream).read_text("utf-8", "replace")

    def traces(self) -> list[str]:
        """La dernière ligne de chaque trace d'exécution."""
        return re.findall(r"Traceback .*\n(?:[ \t].*\n)*(.{,150})", self.said("err"))


@contextlib.contextmanager
def started(home: Path | None = None) -> Iterator[Server]:
    """La page, une fois prête, avec les modèles de `home`, sinon mini. À la sortie, SIGTERM ; lève `RuntimeError` si elle ne finit pas par le code 0."""
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AURORE_", "HF_", "TF_", "TRANSFORMERS_"))
        }
        ours = {
            "AURORE_HOME": str(home or temporary),
            "AURORE_MODEL": "mini",
            "HOME": temporary,
            "HF_HUB_OFFLINE": "1",
            "PYTHONUTF8": "1",
        }
        with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
            command = [sys.executable, str(PAGE), "--host", HOST, "--port", str(port)]
            process = subprocess.Popen(command, env=kept | ours, cwd=temporary, stdout=out, stderr=err)
        server = Server(port, process, folder)
        try:
            limit = time.monotonic() + TO_LOAD
            while not server.ready():
                if process.poll() is not None or time.monotonic() > limit:
                    raise RuntimeError("La page ne s'est pas ouverte.\n" + server.said("err"))
                time.sleep(0.2)
            yield server
            process.send_signal(signal.SIGTERM)
            if code := process.wait(TO_STOP):
                raise RuntimeError(
                    f"La page, arrêtée par SIGTERM, a fini par le code {code}.\n" + server.said("err")[-2000:]
                )
        finally:
            process.kill()
            process.wait()


def request(method: str, path: str, body: bytes = b"", **headers: str | None) -> bytes:
    """Une requête ; `headers` remplace les en-têtes ordinaires (`_` y tient lieu de `-`), None en ôte un, et `\\udcff` est l'octet FF."""
    usual = {"Host": HOST, "Connection": "close", "Content_Length": str(len(body))}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in (usual | headers).items() if value is not None]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode("utf-8", "surrogateescape") + body


def to_write(**fields) -> bytes:
    """La requête qui demande un texte."""
    return request("POST", "/api/generate", json.dumps(fields).encode(), Content_Type="application/json")


class Exchange(asyncio.Protocol):
    """Une connexion : les octets reçus, et quand elle s'est fermée. On ne les lit qu'après, pour ne rien coûter pendant."""

    def __init__(self):
        self.received, self.began, self.ended, self.closed = bytearray(), time.perf_counter(), 0.0, asyncio.Event()
        self.arrivals: list[tuple[int, float]] = []  # combien d'octets étaient reçus, et quand

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received += data
        self.arrivals.append((len(self.received), time.perf_counter()))

    def connection_lost(self, _):
        self.ended = time.perf_counter()
        self.closed.set()

    async def wait(self, seconds: float) -> bool:
        """Attend que le serveur ferme, pas davantage ; dit s'il l'a fait."""
        with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
            await asyncio.wait_for(self.closed.wait(), seconds)
        return self.closed.is_set()

    def parts(self) -> tuple[list[str], bytes]:
        """Les lignes d'en-tête de la réponse, et son corps ; « 100 Continue » n'en est pas encore une."""
        head, _, body = bytes(self.received).partition(b"\r\n\r\n")
        while head.startswith(b"HTTP/1.1 100 "):
            head, _, body = body.partition(b"\r\n\r\n")
        return head.decode("latin-1").split("\r\n"), body

    @property
    def status(self) -> int | None:
        found = re.match(r"HTTP/1\.[01] (\d{3})", self.parts()[0][0])
        return int(found[1]) if found else None

    @property
    def headers(self) -> dict[str, str]:
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in self.parts()[0][1:])}

    @property
    def body(self) -> bytes:
        body = self.parts()[1]
        if self.headers.get("transfer-encoding") != "chunked":
            return body
        parts = []
        while found := re.match(rb"([0-9a-fA-F]+)\r\n", body):
            size = int(found[1], 16)
            parts.append(body[found.end() : found.end() + size])
            body = body[found.end() + size + 2 :]
        return b"".join(parts)

    @property
    def events(self) -> list[tuple[str, dict]]:
        """Les événements d'un texte reçu au fil de l'eau."""
        blocks = (
            dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            for block in self.body.decode().split("\n\n")
        )
        return [(block.get("event", ""), json.loads(block["data"])) for block in blocks if "data" in block]

    @property
    def duration(self) -> float:
        return self.ended - self.began

    @property
    def token_times(self) -> list[float]:
        """Quand est venu chaque token d'un texte reçu au fil de l'eau, en secondes depuis l'ouverture de la connexion."""
        starts = [found.start() for found in re.finditer(b"event: token", self.received)]
        return [next(when for size, when in self.arrivals if size > start) - self.began for start in starts]


async def connect(port: int) -> Exchange:
    return (await asyncio.get_running_loop().create_connection(Exchange, HOST, port))[1]


async def ask(port: int, sent: bytes, patience: float = 120) -> Exchange:
    """Envoie, et attend la fin de la réponse. `duration` compte depuis l'ouverture de la connexion."""
    exchange = await connect(port)
    exchange.transport.write(sent)
    await exchange.wait(patience)
    exchange.transport.abort()
    return exchange


@dataclass
class Trial:
    """Des morceaux, envoyés à `pause` secondes l'un de l'autre. `cut` : couper après avoir reçu tant d'octets ; `shut` : fermer l'envoi."""

    parts: list[bytes]
    pause: float = 0.0
    cut: int | None = None
    shut: bool = False


async def send(port: int, trial: Trial) -> tuple[str, Exchange]:
    """Ce qui est arrivé, un statut ou une phrase, et la réponse."""
    exchange, sent = await connect(port), 0
    for part in trial.parts:
        if exchange.closed.is_set():
            break
        exchange.transport.write(part)
        sent += 1
        await asyncio.sleep(trial.pause)
    if trial.shut and not exchange.closed.is_set():
        exchange.transport.write_eof()
    if trial.cut is not None:
        limit = time.monotonic() + PATIENCE
        while len(exchange.received) < trial.cut and not exchange.closed.is_set() and time.monotonic() < limit:
            await asyncio.sleep(0.002)
        exchange.transport.abort()
        return f"coupée après {trial.cut} octets", exchange
    closed = await exchange.wait(PATIENCE)
    exchange.transport.abort()
    silent = "sans statut" if exchange.received else "fermée sans réponse" if closed else "muette"
    return str(exchange.status or silent) + " avant la fin de l'envoi" * (sent < len(trial.parts)), exchange
