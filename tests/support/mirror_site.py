"""Un miroir du projet Gutenberg, et tout ce qu'une salle met à sa place : un portail, un proxy, un refus."""

import http.server
import urllib.request

from atelier.text.books import Book

GABRIEL = Book("13380", "Gabriel", "George Sand", "train")
WHOLE = "Titre\n*** START OF THIS PROJECT GUTENBERG EBOOK GABRIEL ***\nTexte.\n*** END OF THIS PROJECT GUTENBERG EBOOK ***\n"


def download(url, path):
    """Comme get_file (que l'étape 1 entière essaie dans test_corpus.py), sans attendre l'import de TensorFlow."""
    try:
        urllib.request.urlretrieve(url, path)
    except OSError as error:
        raise Exception(f"URL fetch failure on {url}") from error


def put(folder, path, content=WHOLE):
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def answering(answer):
    """Un serveur qui répond `answer(requête)` à tout ; `asked` est la liste des chemins demandés."""

    class Handler(http.server.BaseHTTPRequestHandler):
        asked = []

        def do_GET(self):
            self.asked.append(self.path)
            answer(self)

        def log_message(self, *_):
            pass

    return Handler


def page(content, status=200, length=None):
    def answer(request):
        request.send_response(status)
        request.send_header("Content-Length", str(length or len(content)))
        request.end_headers()
        request.wfile.write(content)

    return answer
