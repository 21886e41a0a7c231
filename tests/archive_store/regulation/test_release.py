"""What may never leave, what leaves only covered, what is free."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_store.labels import Label, Level, Mark, Volume
from archive_store.regulation.grounds import Use, load_grounds
from archive_store.regulation.release import Releasable, ReleaseItem, Verdict, needs_opinion, verdict, why_never

PLAIN = ReleaseItem(Volume.MAIN, Label(), Label())
labels = st.builds(Label, st.sampled_from(Level), st.frozensets(st.sampled_from(Mark)))
items = st.builds(ReleaseItem, st.sampled_from(Volume), labels, labels, st.frozensets(st.sampled_from(Mark)))


@pytest.mark.parametrize(
    ("item", "ground"),
    [
        (replace(PLAIN, volume=Volume.AUXILIARY), "auxiliary_volume"),
        (replace(PLAIN, label=Label(Level.CONFIDENTIAL)), "state_secret"),
        (replace(PLAIN, label=Label(Level.TOP_SECRET)), "state_secret"),
        (replace(PLAIN, entry_label=Label(Level.SECRET)), "state_secret"),
        (replace(PLAIN, label=Label.of(1, [Mark.INFORMANT])), "informant"),
        (replace(PLAIN, entry_label=Label.of(1, [Mark.INFORMANT])), "informant"),
        (replace(PLAIN, label=Label.of(1, [Mark.INFORMANT]), own_marks=frozenset({Mark.INFORMANT})), "informant"),
    ],
)
def test_what_may_never_leave(item: ReleaseItem, ground: str) -> None:
    assert why_never(item) == ground
    assert verdict(item) == Verdict(Releasable.NEVER, (ground,))


@pytest.mark.parametrize("mark", [Mark.COMMERCIAL_SECRET, Mark.PERSONAL_PRIVACY, Mark.MINOR, Mark.WORK_SECRET])
def test_what_leaves_only_covered(mark: Mark) -> None:
    item = replace(PLAIN, label=Label.of(1, [mark]))
    assert verdict(item) == Verdict(Releasable.NEEDS_REDACTION, (mark.value,))
    assert needs_opinion(item)


def test_what_concerns_the_requester_alone_is_free_but_a_work_secret_never_is_its_own() -> None:
    own = replace(PLAIN, label=Label.of(1, [Mark.PERSONAL_PRIVACY]), own_marks=frozenset({Mark.PERSONAL_PRIVACY}))
    assert verdict(own).releasable is Releasable.FREE
    work = replace(PLAIN, label=Label.of(1, [Mark.WORK_SECRET]), own_marks=frozenset({Mark.WORK_SECRET}))
    assert verdict(work).releasable is Releasable.NEEDS_REDACTION


def test_a_plain_item_of_the_main_volume_is_free() -> None:
    assert verdict(PLAIN) == Verdict(Releasable.FREE)
    assert not needs_opinion(PLAIN)


@given(items)
def test_nothing_of_the_auxiliary_volume_no_secret_and_no_informant_is_ever_free(item: ReleaseItem) -> None:
    joined = item.label.join(item.entry_label)
    if item.volume is Volume.AUXILIARY or joined.level >= Level.CONFIDENTIAL or Mark.INFORMANT in joined.marks:
        assert verdict(item).releasable is Releasable.NEVER


@given(items, labels)
def test_a_stricter_label_never_frees_an_item(item: ReleaseItem, more: Label) -> None:
    order = [Releasable.FREE, Releasable.NEEDS_REDACTION, Releasable.NEVER]
    stricter = replace(item, label=item.label.join(more))
    assert order.index(verdict(stricter).releasable) >= order.index(verdict(item).releasable)


@given(items)
def test_every_ground_named_is_a_ground_that_may_be_given(item: ReleaseItem) -> None:
    grounds = load_grounds()
    found = verdict(item)
    use = Use.WITHHOLD if found.releasable is Releasable.NEVER else Use.REDACT
    assert all(use in grounds.get(code).use for code in found.grounds)
