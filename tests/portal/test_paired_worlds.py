"""Paired worlds through HTTP: an archive answers byte for byte as one without the records that the asker may not see.

Both are copies of one data folder, so every id is the same; into one of them hidden cases, items, persons, requests,
proposals and reviews are put. The same person then does the same random steps in both: pages and their links, pages
under the ids of what is hidden, searches, lists, JSON, workbooks, images, and forms that are sent.
"""

from __future__ import annotations

import random
import re
import shutil
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from archive_store.cases import case_thing
from archive_store.labels import Label
from archive_store.models.cases import Case
from archive_store.permissions import Permission
from archive_store.policy import cleared, decide, may
from archive_store.vocabulary import CaseState
from tests.portal.conftest import PEOPLE, log_in
from tests.portal.oracle_world import ID, _form, some_subject
from tests.portal.surfaces import ROUTES, Kind
from tests.portal.twins import EVERY_MARK, WORDS, Base, Hiding, base_of, hide, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from flask.testing import FlaskClient

    from tests.portal.conftest import World
    from tests.portal.stages import Stage
    from tests.proofs import ProofBook

STEPS, FULL_STEPS, FULL_PAIRS = 25, 500, 20
LINK = re.compile(r'(?:href|src|action)="(/[^"#]*)')
LEFT_OUT = {
    *("auth.logout", "account.password", "account.end_others", "account.end_session"),  # they end the walk,
    *("people.close", "rights.end"),  # or another's that comes later
    *(
        "factor.begin",
        "factor.new_codes",
        "tokens.make",
        "account.command_token",
        "people.create",
        "people.new_code",
    ),  # they answer by chance
}
QUERIES = (
    *("检查", "笔录", "演示", WORDS, "Page", "Inspection", "Approval", "Zhou Yanshi", "张演示", f"{WORDS}案 OR 检查"),
    *(
        "当事人:张演示",
        "当事人:隐蔽",
        "案号:1号",
        "年度:2026",
        "密级:绝密",
        "演示 -检查",
        "Insp*",
        "(检查 笔录)~9",
        "((",
        "演示检查笔",
    ),
)
FACETS = ("", "&level=1", "&level=4", "&year=2026", "&volume=main", "&sort=date", "&sort=archival_code", "&page=2")
HIDINGS = {
    "above everybody's clearance": [Hiding(state, EVERY_MARK) for state in CaseState],
    "another department's": [Hiding(state, Label(), elsewhere=True) for state in CaseState],
}


@pytest.fixture(scope="module")
def base(awaiting_stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    with base_of(awaiting_stage, tmp_path_factory.mktemp("twins")) as made:
        yield made


class Walk:
    """One person in both worlds."""

    def __init__(self, base: Base, apps: tuple[Flask, Flask], login: str, hidden: list[dict[str, str]]) -> None:
        self.base, self.hidden = base, hidden
        self.clients: tuple[FlaskClient, ...] = tuple(log_in(app, login) for app in apps)
        self.waiting = ["/"]
        self.asked = 0

    def differing(self, steps: int, draw: random.Random) -> list[str]:
        """The steps whose answers differ."""
        found = []
        for _ in range(steps):
            self.base.clock.tick()
            method, path, form = self._step(draw)
            answers = [client.open(path, method=method, data=form or None) for client in self.clients]
            self.asked += 1
            one, other = (said(answer, self.base.known) for answer in answers)
            if one != other:
                found.append(f"{method} {path}: {_first_difference(one, other)}")
            if method == "GET" and answers[0].mimetype == "text/html":
                self.waiting += [link for link in map(unescape, LINK.findall(answers[0].text)) if self._is_shared(link)]
        return found

    def _is_shared(self, link: str) -> bool:
        """Whether both worlds have it: what a step makes gets another id in each."""
        return "/static/" not in link and self.base.known.issuperset(ID.findall(link))

    def _step(self, draw: random.Random) -> tuple[str, str, dict[str, str]]:
        way = draw.random()
        if way < 0.3:
            return "GET", draw.choice(self.waiting), {}
        if way < 0.6:
            where = draw.choice(("/search/", "/search/", "/search/complete", "/api/v1/search", "/search/list.xlsx"))
            return "GET", f"{where}?q={quote(draw.choice(QUERIES))}{draw.choice(FACETS)}", {}
        surface = draw.choice([one for one in ROUTES if one.endpoint not in LEFT_OUT])
        method = draw.choice(sorted(surface.methods))
        if method == "PUT" or surface.kind is Kind.FILE:
            method = "GET"
        path = self.base.stand._address(surface, some_subject(draw, len(self.base.named.items)))
        form = _form(surface, self.base.named) if method == "POST" else {}
        if self.hidden and draw.random() < 0.5:
            for mine, theirs in draw.choice(self.hidden).items():
                path = path.replace(mine, theirs)
                form = {
                    key: value.replace(mine, theirs) if isinstance(value, str) else value for key, value in form.items()
                }
        return method, path, form


def _first_difference(one: tuple[object, ...], other: tuple[object, ...]) -> str:
    for mine, theirs in zip(one, other, strict=True):
        if mine != theirs:
            left, right = str(mine), str(theirs)
            at = next(
                (n for n, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right))
            )
            return f"{left[max(at - 60, 0) : at + 60]!r} | {right[max(at - 60, 0) : at + 60]!r}"
    return ""


def knows_any(world: World, login: str, hidden: list[dict[str, str]], case_id: str) -> bool:
    """Whether the person may know one of the cases that are to be hidden from it, or sees figures that count it."""
    actor = world.actor(login)
    with world.opened.database.read() as session:
        cases = [session.get_one(Case, ids[case_id]) for ids in hidden]
        counts = may(actor, Permission.SUPERVISE) and any(cleared(actor, case.label) for case in cases)
        return counts or any(decide(actor, Permission.SEE_ENTRY, case_thing(case)) for case in cases)


@pytest.mark.parametrize("why", HIDINGS)
def test_nothing_that_is_hidden_changes_an_answer(
    base: Base, why: str, tmp_path_factory: pytest.TempPathFactory, proofs: ProofBook, *, full: bool
) -> None:
    """One pair of worlds for all people; with `--full` a new pair for each, with other things hidden in it."""
    draw, differing, asked, walked = random.Random(f"twins {why}"), [], 0, set()  # noqa: S311 - repeatable
    pairs = [[login] for login in [*PEOPLE] * 2][:FULL_PAIRS] if full else [[*PEOPLE]]
    for people in pairs:
        folder = tmp_path_factory.mktemp("pair")
        hiding = draw.sample(HIDINGS[why], draw.randint(1, len(HIDINGS[why]))) if full else HIDINGS[why]
        with base.world(folder / "one") as (_, one), base.world(folder / "other") as (world, other):
            hidden = hide(world, base.named, hiding)
            for login in people:
                if knows_any(world, login, hidden, base.named.case):
                    continue
                walk = Walk(base, (one, other), login, hidden)
                differing += [f"{login}: {step}" for step in walk.differing(FULL_STEPS if full else STEPS, draw)]
                asked += walk.asked
                walked.add(login)
        shutil.rmtree(folder)
    name = "paired worlds: answers that tell of what is hidden"
    proofs.record(name, len(differing), f"0 of {asked}", not differing)
    assert differing == []
    assert {"handler", "leader", "reviewer", "party"} <= walked


def test_the_judge_sees_a_case_too_many(base: Base, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The comparison itself: for who may know the other department's cases, the worlds differ."""
    folder = tmp_path_factory.mktemp("judge")
    with base.world(folder / "one") as (_, one), base.world(folder / "other") as (world, other):
        hidden = hide(world, base.named, HIDINGS["another department's"])
        assert knows_any(world, "archivist", hidden, base.named.case)
        walk = Walk(base, (one, other), "archivist", hidden)
        assert walk.differing(40, random.Random(3))  # noqa: S311 - repeatable
