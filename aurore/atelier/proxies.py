"""Le proxy d'une école ou d'une entreprise : ce qui est dans la salle ne passe pas par lui, et ce qui y passe le dit."""

import ipaddress
import os
import urllib.request
from urllib.parse import urlsplit

# Ce que lisent requests, qui connaît les réseaux entiers, et urllib, qui ne connaît que les noms.
NEARBY = (
    *("localhost", ".localhost", ".local", ".internal", "127.0.0.1", "::1", "[::1]"),
    *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
)


def is_nearby(host: str) -> bool:
    """Cette machine, ou une autre de la salle : le proxy n'y mènerait pas."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal"))


def spare_nearby() -> None:
    """Dit aux bibliothèques de joindre sans proxy ce qui est dans la salle.

    Seulement si une variable nomme un proxy : sans elle, NO_PROXY ferait oublier à Python celui que règle le système.
    """
    names = {name.lower() for name in os.environ}
    if any(name.endswith("_proxy") and name != "no_proxy" for name in names):
        spared = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
        for name in ("no_proxy", "NO_PROXY"):
            os.environ[name] = ",".join(filter(None, (spared, *NEARBY)))


def proxy_of(url: str) -> str:
    """L'adresse du proxy par lequel passe la demande de cette adresse, sans le mot de passe ; rien si elle n'en a pas."""
    asked = urlsplit(url)
    if not asked.hostname or is_nearby(asked.hostname) or urllib.request.proxy_bypass(asked.netloc):
        return ""
    proxies = urllib.request.getproxies()
    proxy = proxies.get(asked.scheme) or proxies.get("all") or ""
    return urlsplit(proxy if "://" in proxy else f"//{proxy}").netloc.rpartition("@")[2]


def who_answers(url: str) -> str:
    """De quoi finir « … ne répond pas » quand un proxy est entre nous et cette adresse : c'est peut-être lui."""
    proxy = proxy_of(url)
    name = f"{urlsplit(url).scheme}_proxy"
    return (
        f" (à moins que ce ne soit le proxy {proxy}, par où passe la demande : voyez la variable {name})"
        if proxy
        else ""
    )


class NearbyDirect(urllib.request.ProxyHandler):
    """Celui d'urllib, qui joint sans proxy ce qui est dans la salle."""

    def proxy_open(self, request: urllib.request.Request, proxy: str, type: str):
        return (
            None if is_nearby(urlsplit(request.full_url).hostname or "") else super().proxy_open(request, proxy, type)
        )
