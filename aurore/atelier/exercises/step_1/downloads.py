"""De quoi juger un téléchargement hors ligne : un serveur sur cette machine, et où le livre est arrivé."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def where_it_went(folder: Path, path: Path, content: bytes) -> str:
    """Où le livre est arrivé, s'il est arrivé ailleurs que dans `path`."""
    for file in _copies(folder, content):
        if file.parent == path.parent:
            return f"Le livre est dans le bon dossier, mais sous le nom « {file.name} » : le nom est `path.name`."
        if file.is_relative_to(path.parent):
            return f'Le livre est dans un sous-dossier, « {file.parent.name} » : il manque `cache_subdir=""`.'
        return f"Le livre est dans le dossier « {file.parent.name} » : celui qu'il faut est `path.parent`."
    for place in elsewhere():
        for file in _copies(place, content):
            if place == Path.cwd():
                where = "le dossier d'où le script est lancé"
            else:
                where = (
                    f"~/{file.parent.relative_to(Path.home())}" if place.is_relative_to(Path.home()) else file.parent
                )
            return f"Le livre est arrivé dans {where} : dites à `get_file` le dossier, avec `cache_dir=path.parent`."
    return "Rien n'est arrivé dans `path` : est-ce bien `url` que vous téléchargez, et `path` que vous écrivez ?"


def elsewhere() -> tuple[Path, ...]:
    """Où va un livre à qui l'on n'a pas dit où aller ; Keras prend le dernier quand `cache_dir` ne peut servir."""
    return Path.home() / ".keras", Path.cwd(), Path("/tmp/.keras")


def forget(contents: list[bytes]) -> None:
    """Ôte, de là où ils n'ont que faire, les livres d'un essai : le suivant les y trouverait."""
    for file in [file for place in elsewhere() for content in contents for file in _copies(place, content)]:
        file.unlink(missing_ok=True)


def _copies(folder: Path, content: bytes) -> Iterator[Path]:
    """Les fichiers de ce dossier qui ont ce contenu."""
    for file in folder.rglob("*") if folder.exists() else ():
        with suppress(OSError):  # dans /tmp, celui d'une autre personne
            if file.is_file() and file.stat().st_size == len(content) and file.read_bytes() == content:
                yield file


@contextmanager
def served(files: dict[str, bytes]):
    """Un serveur sur cette machine, le temps d'un bloc `with` : donne son adresse."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            content = files.get(self.path)
            self.send_response(200 if content else 404)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
