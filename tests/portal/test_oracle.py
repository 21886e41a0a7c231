"""Every way, as many persons and objects: what comes back is what the oracle says, and what is hidden is as if absent.

The oracle (`tests.portal.oracle`) is written apart from the policy. A leak is an answer to what a person may not know
that differs from the answer for an id of nothing in status, body, headers or length; a false denial is the answer for
nothing where the person may. Small by default; `--full` asks 10,000 pairs.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.databases import BACKENDS
from tests.portal.conftest import log_in
from tests.portal.oracle import Label, Someone, Subject, Thing, Verdict, answer
from tests.portal.oracle_world import LOGIN, Stand, masked, some_subject, someone
from tests.portal.surfaces import NOT_MODELLED, ROUTES, Kind, Surface

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.portal.stages import Stage
    from tests.proofs import ProofBook

PAIRS, FULL_PAIRS, SEED = 150, 10_000, 7
LOGGED_IN_FOR = 400
"""Tries, after which the person logs in anew: what weighs asks for a password of the last ten minutes."""
NOTHING = 404
REFUSALS = {302, 404, 409, 422}
"""302 leads back to a page that says why; that nothing was done is looked up."""
NOT_ASKED = {"auth.logout", "auth.login", "auth.enrol", "auth.recover", "account.end_session"}
"""Ways that end or begin the very session of the tries; their own tests are in `tests/portal/views`."""
NEVER_DONE = {"cases.seal"}
"""Refused ones are asked; a permitted one would write into the store, which no copy of the database puts back."""
NEEDS_MORE = {"cases.waive", "decisions.image", "preparation.released_image", "static", "bootstrap.static"} | {
    *("corrections.restore", "factor.confirm", "factor.new_codes", "factor.remove"),
}
"""Nothing may come back to a permitted person too: a finding, page, file or second factor is not there."""


@pytest.fixture(scope="module", params=BACKENDS)
def stand(
    awaiting_stage: Stage, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Stand]:
    server = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None
    with awaiting_stage.world(tmp_path_factory.mktemp("oracle"), server) as world:
        made = Stand(world, awaiting_stage.case_id, awaiting_stage.request_id)
        yield made
        made.close()


def fault(stand: Stand, surface: Surface, who: Someone, what: Subject, method: str) -> tuple[str, Verdict]:
    """What is wrong with the answer, in words; empty where it is as it has to be."""
    expected = answer(surface, who, what)
    if expected is Verdict.YES and surface.endpoint in NEVER_DONE:
        return "", expected
    stand.restore()
    stand.write(surface, who, what)
    before = stand.holds()
    got = stand.ask(surface, method, what, who, absent=False)
    seen = masked(got)
    if got.status_code >= 500:
        return f"broken: {got.status_code}", expected
    if expected is not Verdict.YES and stand.holds() != before:
        return f"done though refused: {got.status_code}", expected
    if expected is Verdict.NO:
        if got.status_code != NOTHING:  # what is said on the next page stands in the session
            stand.restore()
            stand.write(surface, who, what)
        nothing = masked(stand.ask(surface, method, what, who, absent=True))
        return ("" if seen == nothing else f"leak: {seen[0]}, for nothing {nothing[0]}"), expected
    if expected is Verdict.KNOWN:
        return ("" if got.status_code in REFUSALS else f"shown though refused: {got.status_code}"), expected
    denied = got.status_code == NOTHING and surface.endpoint not in NEEDS_MORE
    return ("false denial" if denied else ""), expected


def test_what_one_may_not_know_is_as_if_absent_and_what_one_may_is_there(
    stand: Stand, proofs: ProofBook, *, full: bool
) -> None:
    chance, counts = random.Random(SEED), dict.fromkeys(Verdict, 0)  # noqa: S311 - repeatable, not secret
    routes = [s for s in ROUTES if s.endpoint not in NOT_ASKED and s.kind not in NOT_MODELLED]
    leaks, denials, broken = [], [], []
    total = FULL_PAIRS if full else PAIRS
    for turn in range(total):
        if turn and turn % LOGGED_IN_FOR == 0:
            stand.log_in_anew()
        surface = routes[turn % len(routes)]
        who, what = someone(chance, surface), some_subject(chance, len(stand.named.items))
        method = chance.choice(sorted(surface.methods))
        said, expected = fault(stand, surface, who, what, method)
        counts[expected] += 1
        if said:
            kept = denials if said == "false denial" else broken if said.startswith("broken") else leaks
            kept.append(f"{method} {surface.endpoint}: {said}\n    {who}\n    {what}")
    proofs.record("oracle: pairs asked through HTTP", total, f"{total}", holds=sum(counts.values()) == total)
    proofs.record("oracle: leaks", len(leaks), "0", holds=not leaks)
    proofs.record("oracle: false denials", len(denials), "0", holds=not denials)
    assert not broken, "\n".join(broken)
    assert not leaks, "\n".join(leaks)
    assert not denials, "\n".join(denials)
    assert min(counts[Verdict.NO], counts[Verdict.YES]) > total / 10, counts


def test_the_comparison_sees_a_difference(stand: Stand) -> None:
    """An answer to what one may see differs from the one for nothing, or the proof above could not fail."""
    surface = next(surface for surface in ROUTES if surface.endpoint == "cases.page")
    thing = Thing(Label(), is_main=True, is_listable=True)
    what = Subject(
        state="sealed",
        entry=Label(),
        items=(thing,) * len(stand.named.items),
        item=0,
        asked_for=frozenset({0}),
        request_state="submitted",
        proposal_is_open=False,
        review_is_open=False,
        proposal_on_item=False,
        person=Label(),
    )
    who = Someone(offices=frozenset({"archivist"}))
    assert answer(surface, who, what) is Verdict.YES
    stand.restore()
    stand.write(surface, who, what)
    there, nothing = (masked(stand.ask(surface, "GET", what, who, absent=gone)) for gone in (False, True))
    assert (there[0], nothing[0]) == (200, NOTHING)
    assert there != nothing
    assert surface.kind is Kind.CASE
    assert log_in(stand.app, LOGIN).get("/").status_code == 200
