"""Des requêtes qu'aucun navigateur n'enverrait, par genre : `KINDS`."""

import json
import random
from urllib.parse import quote, urlencode

from server import Trial, request, to_write

GOOD = {"prompt": "Ce matin-là, le meunier", "max_new_tokens": 5}
WHOLE, CHUNKED = json.dumps(GOOD).encode(), {"Content_Length": None, "Transfer_Encoding": "chunked"}
NUMBERS = ("max_new_tokens", "temperature", "top_p", "top_k", "seed")
FIELDS = ("prompt", *NUMBERS, "model", "logprobs", "echo", "stream", "force", "sentence")
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
SCRIPT = "<script>alert(1)</script>"
ATTACKS = (
    SCRIPT,
    f'"><img src=x onerror=alert(1)>{SCRIPT}',
    f"</textarea>{SCRIPT}",
    f"</output>{SCRIPT}",
    "{{7*7}}" + SCRIPT,
)


def post_json(body: bytes, **headers) -> Trial:
    return Trial([request("POST", "/api/generate", body, **{"Content_Type": "application/json"} | headers)])


def post_form(body: bytes, kind: str | None = FORM, **headers) -> Trial:
    return Trial([request("POST", "/generate", body, Content_Type=kind, **headers)])


def wrong_types(chance: random.Random) -> Trial:
    odd = (
        None,
        True,
        False,
        [],
        {},
        "",
        "60",
        -1,
        0,
        1.5,
        1e308,
        -0.0,
        2**64,
        [1],
        {"a": 1},
        float("nan"),
        float("inf"),
        "é" * 50,
    )
    return Trial(
        [to_write(**GOOD | {name: chance.choice(odd) for name in chance.sample(FIELDS, chance.randint(1, 3))})]
    )


def huge_numbers(chance: random.Random) -> Trial:
    values = (
        "1e400",
        "-1e999",
        "-" + "9" * 5000,
        "0." + "9" * 3000,
        "NaN",
        "-Infinity",
        "1e-400",
        "0x1",
        "1_0",
        "007",
        "1e",
        "٣",
    )
    value, name = chance.choice(values), chance.choice(NUMBERS)
    form, asked = (
        urlencode({"amorce": GOOD["prompt"], name: value}),
        f'{{"prompt": "{GOOD["prompt"]}", "{name}": {value}}}',
    )
    return post_form(form.encode()) if chance.random() < 0.3 else post_json(asked.encode())


def nested(chance: random.Random) -> Trial:
    depth, good = chance.choice((50, 900, 20_000)), WHOLE.decode()
    deep = "[" * depth + "]" * depth
    return post_json(
        chance.choice(
            (
                "[" * depth,
                deep,
                '{"a":' * depth + "1" + "}" * depth,
                f'{{"prompt": {deep}}}',
                f'{{"{deep}": 1}}',
                good[:-1],
                good * 2,
                "{}",
                "",
                "null",
                "[]",
                '"prompt"',
                '{"prompt"}',
                "{'prompt': 'a'}",
                '{"prompt": "a", "prompt": []}',
                "\ufeff" + good,
                "\0".join(good),
            )
        ).encode()
    )


def broken_text(chance: random.Random) -> Trial:
    piece, field = (
        chance.choice(
            (
                b"\xff\xfe",
                b"\xc3",
                b"\xed\xa0\x80",
                b"\xc0\xaf",
                b"\x00",
                b"\x1b[2J",
                b"\\ud800",
                b"\\u0000",
                b"\\udc00\\ud800",
                b"\\uffff",
                b"\\u202e",
                "e\u0301\u0327".encode() * 500,
                "👩‍👩‍👧".encode() * 80,
                b"\\x00",
                "\u2028".encode(),
                b"\x85",
                b"\r\ndata: x\r\n\r\n",
            )
        ),
        chance.choice((b"prompt", b"model", b"")),
    )
    if chance.random() < 0.3:
        return post_form(
            b"amorce=Le+meunier+est+l%C3%A0+" + quote(piece).encode() + b"&model=" + chance.choice((b"", piece))
        )
    fields = {b"prompt": b"Le meunier est parti "} | {field or piece: b"Le meunier " * (field == b"prompt") + piece}
    flags = b', "force": true, "max_new_tokens": 5' + chance.choice(
        (b"", b', "stream": true', b', "echo": true, "logprobs": true')
    )
    return post_json(b"{" + b", ".join(b'"%s": "%s"' % pair for pair in fields.items()) + flags + b"}")


def scripts(chance: random.Random) -> Trial:
    attack, field = (chance.choice(ATTACKS), chance.choice(("amorce", "amorce", *NUMBERS, "model", "compare", "force")))
    path = chance.choice(("/generate?amorce=", "/", "/static/", "/entrainement/", "/entrainement?run=", "/?"))
    return chance.choice(
        (
            Trial([to_write(**GOOD | {chance.choice((*FIELDS, attack)): attack, "force": True})]),
            post_form(
                urlencode({"amorce": GOOD["prompt"], "max_new_tokens": "5", "force": "on"} | {field: attack}).encode()
            ),
            Trial([request("GET", path + chance.choice((quote(attack), attack.replace(" ", "+"))), Referer=attack)]),
        )
    )


def forms(chance: random.Random) -> Trial:
    part, end = (b'--b\r\nContent-Disposition: form-data; name="amorce"%s\r\n\r\nLe meunier\xff\r\n', b"--b--\r\n")
    return chance.choice(
        (
            post_form(part % b"" + end, MULTIPART[:19]),
            post_form(part % b"", MULTIPART),
            post_form(part % b'; filename="a"', MULTIPART),
            post_form(part % b"" * 700 + end, MULTIPART),
            post_form(chance.randbytes(2000), MULTIPART),
            post_form(b"--b" * 900, MULTIPART),
            post_form(b"--b\r\n" + b"X: " + b"a" * 40_000, MULTIPART),
            post_form(part % b"; name*=utf-9''%ff" + end, MULTIPART),
            post_form(b"", MULTIPART * 200),
            post_form(b"amorce=%zz%&=&&&;%C3", FORM + "; charset=utf-9"),
            post_form(b"a=1&" * 15_000),
            post_form("amorce=Elle était".encode("utf-16"), FORM + "; charset=utf-16"),
            post_form(b"amorce=" + chance.randbytes(300)),
            post_form(WHOLE, "application/json"),
            post_form(b"amorce=Elle", "\udcff; ;;="),
            post_json(WHOLE, Content_Type="text/xml"),
        )
    )


def huge_bodies(chance: random.Random) -> Trial:
    size = chance.choice((70_000, 10**6, 2 * 10**7))
    return chance.choice(
        (
            post_json(b'{"prompt": "' + b"le meunier " * (size // 11) + b'"}'),
            post_form(b"amorce=" + b"le+" * (size // 3)),
            post_form(b"a" * size, MULTIPART),
            post_json(b"{}", Content_Length=str(10**18)),
            post_json(b"{}", Content_Length="9" * 5000),
            post_json(b"%x\r\n%s\r\n" % (9000, b"a" * 9000) * (size // 9000) + b"0\r\n\r\n", **CHUNKED),
            Trial([request("GET", "/healthz", b"a" * size)]),
            post_json(b'{"prompt": "' + b"a" * 60_000 + b'"}'),
            post_json(b" " * size),
        )
    )


def header_tricks(chance: random.Random) -> Trial:
    raw = b"GET /generate HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    length = chance.choice(("-1", "abc", "+5", "1e3", "0x10", "", " ", "5, 6", "٣", "3.5", "99999", "1", "0"))
    size = chance.choice(
        (b"-1", b"xyz", b"", b"f" * 17, b"+5", b"0x5", b"5;" + b"a" * 9000, b"7fffffff", b"5 5", b"1_0")
    )
    host = chance.choice(
        ("", "a b", "x" * 9000, "evil.example:99999", "<script>", "[::1", "a/b@c", "\udcff", "a,b", "..", "a..b")
    )
    lines = chance.choice(
        (
            b"A: " + b"a" * 70_000,
            b"A: b\r\n c\r\n\td",
            b"Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
            b": vide",
            b"A",
            b"N\x00: \x00",
            b"A\xe9: \xff\r\n" * 50,
            b"A: b\r\n" * 500,
            b"Expect: 100-continue\r\nContent-Length: 9",
            b"Transfer-Encoding: gzip, identity",
        )
    )
    first = chance.choice(
        (b"/ HTTP/9.9", b"/ HTTP/2.0", b"/ HTTP/0.9", b"/ HTTP/1.x", b"/", b"", b"/a b HTTP/1.1", b"http://[ HTTP/1.1")
    )
    return chance.choice(
        (
            post_json(WHOLE, Content_Length=length),
            Trial([request("GET", "/generate", Host=host)]),
            Trial([raw + lines + b"\r\n\r\n"]),
            post_json(size + b"\r\n" + WHOLE + b"\r\n0\r\n\r\n", **CHUNKED),
            post_json(b"2\r\n{}\r\n0\r\n\r\n", Transfer_Encoding="chunked"),
            Trial([b"GET " + first + b"\r\nHost: a\r\n\r\n"]),
            Trial([raw.replace(b"\r\n", b"\n") + b"\n"]),
            Trial([chance.randbytes(300) + b"\r\n\r\n"]),
            Trial([b"\r\n" * 9 + raw + b"\r\n"]),
            Trial([b"GET / HTTP/1.1\r\n\r\n" * 200]),
        )
    )


def paths(chance: random.Random) -> Trial:
    methods = (
        "PUT",
        "DELETE",
        "PATCH",
        "OPTIONS",
        "TRACE",
        "CONNECT",
        "HEAD",
        "PROPFIND",
        "get",
        "A" * 3000,
        "G\x00T",
        "É",
        "POST",
    )
    places = (
        "/",
        "/generate",
        "/api/generate",
        "/healthz",
        "/entrainement",
        "*",
        "//",
        "a",
        "http://b/",
        "/%00",
        "/?%ff",
    )
    up = (
        "../",
        "%2e%2e/",
        "..%2f",
        "..\\",
        "....//",
        "%252e%252e%252f",
        "/",
        "%00",
        "..;/",
        "\udcff/",
        "%c0%ae%c0%ae/",
    )
    end = chance.choice(
        (
            "5_flask.py",
            "etc/passwd",
            "atelier/web/server.py",
            "data",
            "model/latest",
            "con",
            "a" * 300,
            "%ff",
            "\x1b[31m",
        )
    )
    climb = chance.choice(("/static/", "/entrainement/", "/")) + chance.choice(up) * chance.choice((1, 3, 8)) + end
    return Trial([chance.choice((request(chance.choice(methods), chance.choice(places)), request("GET", climb)))])


def cut(chance: random.Random) -> Trial:
    whole = to_write(**GOOD | {"max_new_tokens": 200, "stream": chance.random() < 0.7})
    return chance.choice(
        (Trial([whole[: chance.randrange(1, len(whole))]], cut=0), Trial([whole], cut=chance.choice((0, 1, 200, 3000))))
    )


def slow(chance: random.Random) -> Trial:
    whole, step = (
        chance.choice((to_write(**GOOD), request("GET", "/generate"), to_write(**GOOD)[:-3] + b"\xff}")),
        chance.randint(3, 9),
    )
    return Trial([whole[first : first + step] for first in range(0, len(whole), step)], pause=chance.uniform(0.3, 0.9))


def half_open(chance: random.Random) -> Trial:
    return Trial([to_write(**GOOD)[: chance.choice((0, 1, 20, 90, -9, -1))]], shut=chance.random() < 0.5)


KINDS = {
    "champ d'un autre type": (wrong_types, 100),
    "nombre énorme ou absurde": (huge_numbers, 50),
    "JSON imbriqué, brisé": (nested, 40),
    "texte brisé": (broken_text, 50),
    "script": (scripts, 50),
    "formulaire": (forms, 50),
    "corps énorme": (huge_bodies, 20),
    "en-têtes": (header_tricks, 60),
    "méthodes et chemins": (paths, 40),
    "connexion coupée": (cut, 20),
    "expéditeur lent": (slow, 12),
    "connexion à demi ouverte": (half_open, 8),
}
LASTING = ("expéditeur lent", "connexion à demi ouverte")  # ceux-là durent pendant que les autres passent
