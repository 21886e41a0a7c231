"""Every way, as everyone, with what no page would send: no answer of 500 and above, no stack trace.

Ways with several faults at once: naughty strings, traversal and injection, broken and huge numbers, NULs, wrong content
types, fields given twice, ids of things that are there where another kind is asked for. `--full` sends 50,000 requests.
"""

from __future__ import annotations

import logging
import random
import re
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.datastructures import MultiDict

from tests.portal.conftest import PEOPLE, log_in
from tests.portal.oracle_world import LOGIN, Stand
from tests.portal.surfaces import ROUTES
from tests.sources import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient
    from werkzeug.routing import Rule

    from tests.portal.stages import Stage
    from tests.proofs import ProofBook

REQUESTS, FULL_REQUESTS, SEED = 600, 50_000, 23
RESTORED_EVERY = 40
"""Requests, after which everything is put back: some of them close accounts or end sessions."""
BROKEN = 500
NAUGHTY = (
    *(
        "",
        " ",
        "0",
        "-1",
        "1.5",
        "1e309",
        "NaN",
        "Infinity",
        "null",
        "undefined",
        "true",
        "[]",
        "{}",
        "9" * 30,
        "9" * 5000,
    ),
    *("2147483648", "-9223372036854775809", "18446744073709551616", "0x10", "٣", "²", "１２", "Ⅷ", "1_000"),
    *(
        "\x00",
        "a\x00b",
        "\r\nX-Injected: 1",
        "\x1b[31m",
        "\x7f",
        "\u202e",
        "\ufeff",
        "\ufffe",
        "\u2028",
        "😀",
    ),
    *("' OR 1=1 --", '"; DROP TABLE cases; --', "%' ESCAPE '!", "{{7*7}}", "${7*7}", "#{7*7}", "{% raise %}", "%s%n%x"),
    *("../../etc/passwd", "..\\..\\win.ini", "%2e%2e%2f", "file:///etc/passwd", "/dev/null", "C:con", "a" * 300),
    *(
        "<script>alert(1)</script>",
        "<!--",
        "]]>",
        "&#0;",
        "javascript:alert(1)",
        "\\",
        "\\u0000",
        "'",
        '"',
        "`id`",
        "|id",
    ),
    *(
        "2026-02-30",
        "0000-00-00",
        "9999-12-31",
        "10000-01-01",
        "2026-11-02T25:61",
        "密" * 2001,
        "水" * 40,
        "+0+informant",
    ),
    *(
        "（",
        "“",
        "文书:",
        "年度:abc",
        "-",
        "AND OR NOT",
        "((((",
        "*" * 50,
        "a AND (b",
        '"' * 9,
        "密级:99",
        "年度:" + "9" * 40,
    ),
)
TYPES = ("application/json", "text/plain", "application/xml", "multipart/form-data", "multipart/form-data; boundary=")
BODIES = (
    b"",
    b"{",
    b"[" * 2000,
    b'{"boxes":' + b"9" * 400 + b"}",
    b"\xff\xfe\x00",
    b"--\r\n",
    b"a=%ff%fe&a=1&a",
    b"null",
)
JSON = (
    None,
    [],
    0,
    "x",
    {"boxes": None, "seen": 1},
    {"boxes": [{"page": 2**70, "x0": 0.1, "y0": 0.1, "x1": 0.2, "y1": 0.2, "ground": "personal_privacy"}], "seen": ""},
    {"boxes": [{"page": 1, "x0": -1e300, "y0": 0.5, "x1": 1e300, "y1": 0.1, "ground": "x"}], "seen": ""},
    {"words": "\x00", "ground": "personal_privacy"},
    {"words": "Page", "ground": "no such"},
)
HEADERS: tuple[dict[str, str], ...] = (
    {},
    {},
    {"Accept": "application/json"},
    {"Range": "bytes=99999999999999999999-"},
    {"Range": "bytes=-0,1-2", "If-Range": '"x"'},
    {"Sec-Fetch-Site": "cross-site"},
    {"Cookie": "anjuan=" + "x" * 500},
    {"Accept-Language": "\u00ff" * 20},
    {"If-None-Match": "*", "If-Modified-Since": "never"},
)
FIELD = re.compile(r"""(?:get|getlist|read_day)\((?:form, )?"([a-z_]+)\"""")


def field_names() -> list[str]:
    """Every name under which a page or form of the portal looks for a value."""
    found: set[str] = set()
    for room in ("views", "forms"):
        for path in (ROOT / "portal" / room).glob("*.py"):
            found |= set(FIELD.findall(path.read_text(encoding="utf-8")))
    return sorted(found)


class Fuzzer:
    """Sends what no page would send."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        stand.restore()
        self.clients: dict[str, FlaskClient] = {login: log_in(stand.app, login) for login in PEOPLE}
        self.clients["nobody"] = stand.app.test_client()
        stand.keep()
        self.cookies = {login: _cookie(client) for login, client in self.clients.items()}
        self.fields = field_names()
        named = stand.named
        self.ids = [named.case, *named.items, named.request, *named.persons.values(), named.binding, named.proposal]
        self.ids += [named.review, named.ask, named.handler, *stand.world.ids.values()]
        self.rules: dict[str, Rule] = {rule.endpoint: rule for rule in stand.app.url_map.iter_rules()}

    def restore(self) -> None:
        """Everything as it was, the sessions too."""
        self.stand.restore()
        for login, client in self.clients.items():
            if self.cookies[login]:
                client.set_cookie("anjuan", self.cookies[login])

    def send(self, chance: random.Random, endpoint: str, methods: frozenset[str]) -> tuple[int, str, str]:
        """One request; gives status, body and what was sent."""
        login = chance.choice([*self.clients])
        method = (
            chance.choice(sorted(methods)) if chance.random() < 0.9 else chance.choice(["GET", "POST", "PUT", "HEAD"])
        )
        path, query = self._path(chance, self.rules[endpoint]), self._values(chance, 3)
        sent = {**self._body(chance), "headers": chance.choice(HEADERS)} if method != "GET" else {}
        answer = self.clients[login].open(path, method=method, query_string=query, **sent)
        body = answer.get_data()[:200_000].decode("latin-1")
        answer.close()
        return answer.status_code, body, f"{login}: {method} {path!r} ? {query!r} {sent!r}"[:600]

    def _value(self, chance: random.Random) -> str:
        return chance.choice(NAUGHTY) if chance.random() < 0.75 else chance.choice(self.ids)

    def _path(self, chance: random.Random, rule: Rule) -> str:
        address = rule.rule
        for name in rule.arguments:
            real = self._real(name) if chance.random() < 0.6 else self._value(chance)
            address = re.sub(rf"<(?:[^<>]*:)?{name}>", lambda _, said=real: said, address)
        return "/" + address.lstrip("/")

    def _real(self, name: str) -> str:
        named = self.stand.named
        known = {"case_id": named.case, "item_id": named.items[0], "request_id": named.request, "ask_id": named.ask}
        known |= {"proposal_id": named.proposal, "review_id": named.review, "binding_id": named.binding}
        known |= {"account_id": self.stand.world.ids["legal"], "name": "purpose", "number": "1", "position": "1"}
        return known.get(name, self.ids[0])

    def _values(self, chance: random.Random, most: int) -> MultiDict[str, str]:
        names = [chance.choice(self.fields) for _ in range(chance.randrange(most + 1))]
        again = names[:1] if chance.random() < 0.2 else []
        return MultiDict([(name, self._value(chance)) for name in names + again])

    def _body(self, chance: random.Random) -> dict[str, Any]:
        kind = chance.random()
        if kind < 0.15:
            return {"data": chance.choice(BODIES), "content_type": chance.choice(TYPES)}
        if kind < 0.3:
            return {"json": chance.choice(JSON)}
        values: MultiDict[str, Any] = self._values(chance, 8)
        if kind < 0.4:
            name = chance.choice(("file", "files", "rendition", chance.choice(self.fields)))
            values.add(name, (BytesIO(chance.choice(BODIES)), self._value(chance).replace("\x00", "") or "x"))
        return {"data": values}


def _cookie(client: FlaskClient) -> str:
    found = client.get_cookie("anjuan")
    return found.value if found else ""


@pytest.fixture(scope="module")
def fuzzer(awaiting_stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzer]:
    with awaiting_stage.world(tmp_path_factory.mktemp("fuzz")) as world:
        stand = Stand(world, awaiting_stage.case_id, awaiting_stage.request_id)
        yield Fuzzer(stand)
        stand.close()


def test_nothing_that_is_sent_breaks_a_page(
    fuzzer: Fuzzer, proofs: ProofBook, caplog: pytest.LogCaptureFixture, *, full: bool
) -> None:
    chance, total = random.Random(SEED), FULL_REQUESTS if full else REQUESTS  # noqa: S311 - repeatable, not secret
    routes = [(surface.endpoint, surface.methods) for surface in ROUTES]
    broken: list[str] = []
    caplog.set_level(logging.ERROR)
    for turn in range(total):
        if turn % RESTORED_EVERY == 0:
            fuzzer.restore()
        status, body, sent = fuzzer.send(chance, *routes[turn % len(routes)])
        if status >= BROKEN or "Traceback (most recent" in body:
            broken.append(f"{status} {sent}")
    traces = [record for record in caplog.records if record.exc_info]
    proofs.record("fuzz: requests sent", total, str(total), holds=True)
    proofs.record("fuzz: answers of 500 and above, or with a stack trace", len(broken), "0", holds=not broken)
    said = [str(record.exc_info[1])[:300] for record in traces if record.exc_info]
    assert not broken, "\n".join([*broken, *said])


def test_the_fields_that_are_sent_are_those_that_pages_read(fuzzer: Fuzzer) -> None:
    assert {"page", "q", "reason", "step", "ground", "days", "level", "valid_to", "number", "code"} <= set(
        fuzzer.fields
    )
    assert fuzzer.clients[LOGIN].get("/cases/").status_code == 200


def test_brackets_in_brackets_are_no_boxes(fuzzer: Fuzzer) -> None:
    fuzzer.restore()
    path = f"/requests/{fuzzer.stand.named.request}/bench/{fuzzer.ids[1]}/find"
    answer = fuzzer.clients["archivist"].post(path, data=b"[" * 2000, content_type="application/json")
    assert answer.status_code == 422
