"""Words near one another, and open ends, against a plain reading of the atoms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from indexer.analysis import RUN, Analysed
from indexer.backends.embedded import EmbeddedBackend
from indexer.conditions import Placed
from tests.indexer.world import ask, everything, fill, found_ids, make_world, seeded

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from tests.indexer.world import World
    from tests.proofs import ProofBook


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(61, 12)


@pytest.fixture(scope="module")
def backend(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBackend]:
    made = EmbeddedBackend(tmp_path_factory.mktemp("near"))
    made.open()
    fill(made, world.documents)
    yield made
    made.close()


def gap(atoms: list[str], first: list[str], second: list[str]) -> int | None:
    """The fewest atoms between the two in a text; None where they do not stand in it side by side."""
    places = [[n for n in range(len(atoms)) if atoms[n : n + len(one)] == one] for one in (first, second)]
    gaps = [b - a - len(first) for a in places[0] for b in places[1] if b >= a + len(first)]
    gaps += [a - b - len(second) for a in places[0] for b in places[1] if a >= b + len(second)]
    return min(gaps, default=None)


def draw_word(draw: random.Random, atoms: list[str]) -> list[str]:
    start = draw.randrange(len(atoms))
    return [atom for atom in atoms[start : start + draw.randint(1, 3)] if atom != "¦" and not atom[0].isascii()]


def test_near_finds_exactly_the_pages_where_both_stand_so_near(
    world: World, backend: EmbeddedBackend, proofs: ProofBook, *, full: bool
) -> None:
    draw, wrong, asked, hits = seeded(8), 0, 0, 0
    atoms = {page.page_id: Analysed(page.text).uni for page in world.pages}
    while asked < (2000 if full else 60):
        own = atoms[draw.choice(world.pages).page_id]
        first, second, distance = draw_word(draw, own), draw_word(draw, own), draw.randint(0, 30)
        if not first or not second:
            continue
        asked += 1
        query = f"({''.join(first)} {''.join(second)})~{distance}"
        gaps = {
            page_id: gap(of_page, list("".join(first)), list("".join(second))) for page_id, of_page in atoms.items()
        }
        expected = {page_id for page_id, found in gaps.items() if found is not None and found <= distance}
        found = _all(backend, world, query) & atoms.keys()
        wrong += len(found ^ expected)
        hits += len(expected)
    proofs.record("near: pages found wrongly or not found", wrong, f"0 of {asked} queries", wrong == 0)
    assert (wrong, hits > asked // 2) == (0, True)


def test_a_star_finds_exactly_the_pages_that_hold_a_run_that_so_begins(
    world: World, backend: EmbeddedBackend, proofs: ProofBook, *, full: bool
) -> None:
    draw, wrong, asked = seeded(9), 0, 0
    runs = {
        page.page_id: {piece.text for piece in Analysed(page.text).pieces if piece.kind == RUN} for page in world.pages
    }
    every = sorted({run for of_page in runs.values() for run in of_page if len(run) > 2})
    for run in draw.sample(every, min(len(every), 1000 if full else 60)):
        head = run[: draw.randint(2, len(run))]
        if head.endswith("."):
            continue
        asked += 1
        expected = {page_id for page_id, of_page in runs.items() if any(one.startswith(head) for one in of_page)}
        wrong += len((_all(backend, world, f"{head}*") & runs.keys()) ^ expected)
    proofs.record("star: pages found wrongly or not found", wrong, f"0 of {asked} queries", wrong == 0)
    assert wrong == 0


def _all(backend: EmbeddedBackend, world: World, query: str) -> set[str]:
    found: set[str] = set()
    while True:
        result = ask(backend, query, everything(world), offset=len(found), size=100)
        found |= found_ids(result)
        if len(found) >= result.total:
            return found


def test_one_token_has_no_distance() -> None:
    with pytest.raises(ValueError, match="two tokens"):
        Placed("uni", ((0, "采"),))
