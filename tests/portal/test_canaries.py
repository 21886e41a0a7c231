"""Words of hidden records reach nobody: no page, no record of the log, no temporary file.

Every text of a case and of what hangs on it gets a word of its own (`tests.portal.planting`). Then everyone crawls
every page that it can reach: by links, and by every GET route with the very ids of what is hidden.
"""

from __future__ import annotations

import logging
import random
import re
import tempfile
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from tests.portal.conftest import PEOPLE, log_in, make_app
from tests.portal.oracle_world import Stand, some_subject
from tests.portal.planting import hide_case, hide_parts, plant, plant_corrections
from tests.portal.surfaces import ROUTES, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from tests.portal.planting import Planted
    from tests.portal.stages import Stage
    from tests.proofs import ProofBook

EACH, FULL_EACH = 36, 400
"""Pages of one person in one walk."""
LINK = re.compile(r'(?:href|src|action)="(/[^"#]*)')
WORD = re.compile(r"canary\d{4}x")
LOGS = ("portal", "archive_store", "indexer", "werkzeug", "flask", "waitress", "gunicorn")
LEAST_SEEN = 25
"""Words that somebody sees while nothing is hidden: fewer, and the walk would prove nothing."""


class Garden:
    """A case full of canaries, and everyone who might look."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        with stand.world.opened.database.write() as unit:
            self.planted: Planted = plant(unit.session, stand.named.case)
            corrections, by = stand.world.opened.corrections, stand.world.ids["archivist"]
            plant_corrections(unit.session, stand.named.case, corrections, by, self.planted)
        app = make_app(stand.world.opened)
        self.clients: dict[str, FlaskClient] = {login: log_in(app, login) for login in PEOPLE}
        self.clients["nobody"] = app.test_client()

    def seeds(self, chance: random.Random) -> list[str]:
        """Every GET route, with the ids of the case."""
        found: list[str] = []
        for surface in ROUTES:
            if "GET" in surface.methods and surface.kind is not Kind.FILE:
                what = some_subject(chance, len(self.stand.named.items))
                found.append(self.stand._address(surface, what))
        return found

    def walk(self, login: str, most: int, chance: random.Random) -> dict[str, set[str]]:
        """Words that a person comes upon, each with the addresses; links are followed as they come."""
        client, waiting, seen = self.clients[login], self.seeds(chance), set[str]()
        found: dict[str, set[str]] = {}
        while waiting and len(seen) < most:
            path = waiting.pop(chance.randrange(len(waiting)))
            if path in seen or "/static/" in path:
                continue
            seen.add(path)
            answer = client.get(path)
            said = answer.get_data(as_text=True) if "text" in answer.content_type else answer.data.decode("latin-1")
            for word in WORD.findall(said + repr([*answer.headers])):
                found.setdefault(word, set()).add(path)
            links = [unescape(link) for link in LINK.findall(said)]
            waiting += [link for link in links if link not in seen]
        self.asked = len(seen)
        return found


@pytest.fixture(scope="module")
def garden(awaiting_stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Garden]:
    with awaiting_stage.world(tmp_path_factory.mktemp("garden")) as world:
        stand = Stand(world, awaiting_stage.case_id, awaiting_stage.request_id)
        yield Garden(stand)
        stand.close()


def walks(garden: Garden, most: int) -> tuple[dict[str, dict[str, set[str]]], int]:
    """What everyone comes upon, and the pages asked for."""
    chance, asked = random.Random(11), 0  # noqa: S311 - repeatable, not secret
    found: dict[str, dict[str, set[str]]] = {}
    for login in garden.clients:
        found[login] = garden.walk(login, most, chance)
        asked += garden.asked
    return found, asked


def told(found: dict[str, dict[str, set[str]]], words: set[str]) -> list[Any]:
    return [(who, word, *sorted(at)[:2]) for who, seen in found.items() for word, at in seen.items() if word in words]


def test_a_visible_case_is_told_of(garden: Garden, *, full: bool) -> None:
    """The walk finds what is there to be found, or the proofs below could not fail."""
    found, _ = walks(garden, FULL_EACH if full else EACH)
    assert len({word for seen in found.values() for word in seen}) >= LEAST_SEEN
    assert found["nobody"] == {}
    assert not any(found[login] for login in ("sysadmin", "auditor"))


@pytest.mark.parametrize("hidden", ["the case", "one item and one person"])
def test_no_word_of_what_is_hidden_reaches_anyone(
    garden: Garden,
    hidden: str,
    proofs: ProofBook,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    *,
    full: bool,
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    for name in LOGS:
        caplog.set_level(logging.DEBUG, logger=name)
    with garden.stand.world.opened.database.write() as unit:
        if hidden == "the case":
            hide_case(unit.session, garden.stand.named.case)
            words = garden.planted.all
        else:
            words = garden.planted.of(*hide_parts(unit.session, garden.stand.named.case))
    assert len(words) > 5
    found, asked = walks(garden, FULL_EACH if full else EACH)
    leaks = told(found, words)
    logged = [record for record in caplog.records if words & set(WORD.findall(record.getMessage() + str(record.args)))]
    kept = [path for path in temporary.rglob("*") if path.is_file() and words & set(WORD.findall(_text(path)))]
    proofs.record("canaries: pages asked for", asked, "all that were meant to be", holds=asked > 100)
    proofs.record("canaries: words that reached the wrong person", len(leaks), "0", holds=not leaks)
    proofs.record("canaries: records of the log with a word", len(logged), "0", holds=not logged)
    proofs.record("canaries: temporary files with a word", len(kept), "0", holds=not kept)
    assert (leaks, logged, kept) == ([], [], [])


def _text(path: Path) -> str:
    return path.read_bytes().decode("latin-1")
