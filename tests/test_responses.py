"""La page sait qu'un visiteur est parti, même quand la salle est pleine."""

import socket

import pytest

from atelier.web import responses


@pytest.fixture
def far_connection():
    """Une connexion dont le descripteur dépasse 1024, comme quand la salle est pleine ; et de quoi la fermer de l'autre bout."""
    resource, fcntl = pytest.importorskip("resource"), pytest.importorskip("fcntl")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    here, there = socket.socketpair()
    with here, there, socket.socket(fileno=fcntl.fcntl(here, fcntl.F_DUPFD, 1100)) as far:
        yield far, there
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_a_visitor_is_still_there_however_many_connections_are_open(far_connection):
    assert responses.last(iter([("wait", {}), ("done", {"text": "x"})]), far_connection[0]) == {"text": "x"}


def test_a_visitor_who_left_is_known_however_many_connections_are_open(far_connection):
    far, there = far_connection
    there.close()
    with pytest.raises(ConnectionAbortedError):
        responses.last(iter([("wait", {}), ("done", {})]), far)
