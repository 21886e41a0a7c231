from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_store.parsing import geometry
from archive_store.parsing.errors import ParserRefusedError

A4 = geometry.A4
SIDES = st.floats(geometry.SHORTEST_SIDE, 1_000_000)
FRACTIONS = st.floats(0, 1)


@given(st.tuples(SIDES, SIDES), st.none() | st.integers(1, 65_535), st.none() | st.integers(1, 4_800))
def test_no_wish_makes_more_pixels_than_allowed(
    points: tuple[float, float], width: int | None, dpi: int | None
) -> None:
    wide, high = geometry.pixel_size(points, width=width, dpi=dpi)
    assert wide >= 1
    assert high >= 1
    assert wide * high <= geometry.MAX_PIXELS * 1.001 + wide + high


@pytest.mark.parametrize(
    ("width", "dpi", "size"), [(1200, None, (1200, 1698)), (None, 300, (2479, 3508)), (None, None, (1240, 1754))]
)
def test_a_page_is_as_wide_as_asked_or_as_dense(width: int | None, dpi: int | None, size: tuple[int, int]) -> None:
    assert geometry.pixel_size(A4, width=width, dpi=dpi) == size


@pytest.mark.parametrize("points", [(20_000, 10), (1, 100), (0, 0), (float("nan"), 100), (float("inf"), 3)])
def test_an_impossible_size_is_named_with_its_page(points: tuple[float, float]) -> None:
    assert "第 7 页" in str(geometry.size_problem(7, points))


def test_usual_sizes_are_no_problem() -> None:
    assert geometry.size_problem(1, A4) is None
    assert geometry.size_problem(1, (2384, 3370)) is None


@pytest.mark.parametrize(
    ("pixels", "dpi", "points"),
    [
        ((2480, 3508), (300, 300), (595.2, 841.92)),
        ((3508, 4961), (600, 600), (420.96, 595.32)),
        ((4000, 3000), (72, 72), (793.3, 595.0)),
        ((3000, 4000), None, (595.0, 793.3)),
        ((100, 100), (99_999, 99_999), (595.0, 595.0)),
    ],
)
def test_the_paper_of_an_image_is_its_scanners_or_a4(
    pixels: tuple[int, int], dpi: tuple[float, float] | None, points: tuple[float, float]
) -> None:
    assert geometry.image_points(pixels, dpi) == pytest.approx(points, abs=0.1)


def test_a_box_turns_with_its_page() -> None:
    top_left = (0.0, 0.0, 0.25, 0.125)
    assert geometry.turn_box(top_left, 90) == (0.875, 0.0, 1.0, 0.25)
    assert geometry.turn_box(top_left, 180) == (0.75, 0.875, 1.0, 1.0)
    assert geometry.turn_box(top_left, 270) == (0.0, 0.75, 0.125, 1.0)


@given(st.tuples(FRACTIONS, FRACTIONS, FRACTIONS, FRACTIONS), st.sampled_from([0, 90, 180, 270]))
def test_turning_forth_and_back_changes_nothing(box: geometry.Box, turn: int) -> None:
    assert geometry.turn_box(geometry.turn_box(box, turn), -turn) == pytest.approx(box)


def test_a_box_is_cut_to_the_page_and_one_beside_it_is_none() -> None:
    assert geometry.visible_box((-0.5, 0.25, 0.5, 1.5)) == (0.0, 0.25, 0.5, 1.0)
    assert geometry.visible_box((1.1, 0.1, 1.2, 0.2)) is None
    assert geometry.visible_box((0.1, 0.1, 0.1, 0.2)) is None


@pytest.mark.parametrize("page", [0, -1, 4])
def test_a_page_that_is_not_there_is_refused(page: int) -> None:
    with pytest.raises(ParserRefusedError, match="共 3 页"):
        geometry.check_page(page, 3)
