"""De quoi juger un téléchargement hors ligne : un serveur sur cette machine, et où le livre est arrivé."""

import http.server
import threading
from contextlib import contextmanager
from pathlib import Path


def where_it_went(folder: Path, path: Path, content: bytes) -> str:
    """Où le livre est arrivé, s'il est arrivé ailleurs que dans `path`."""
    searched = [
        folder,
        Path.cwd(),
        Path.home() / ".keras",
        Path("/tmp/.keras"),
    ]  # le dernier, si `cache_dir` ne peut servir
    for file in (file for place in searched if place.exists() for file in place.rglob("*")):
        try:
            if not file.is_file() or file.read_bytes() != content:
                continue
        except OSError:  # dans /tmp, celui d'une autre personne
            continue
        if file.parent == path.parent:
            return f"Le livre est dans le bon dossier, mais sous le nom « {file.name} » : le nom est `path.name`."
        if file.is_relative_to(path.parent):
            return f'Le livre est dans un sous-dossier, « {file.parent.name} » : il manque `cache_subdir=""`.'
        if file.is_relative_to(folder):
            return f"Le livre est dans le dossier « {file.parent.name} » : celui qu'il faut est `path.parent`."
        arrived = f"~/{file.parent.relative_to(Path.home())}" if file.is_relative_to(Path.home()) else file.parent
        return f"Le livre est arrivé dans {arrived} : dites à `get_file` le dossier, avec `cache_dir=path.parent`."
    return "Rien n'est arrivé dans `path` : est-ce bien `url` que vous téléchargez, et `path` que vous écrivez ?"


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
