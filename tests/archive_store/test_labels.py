"""Labels: what may be sent before it is asked for."""

from __future__ import annotations

import pytest

from archive_store.labels import Label, Level, Mark


@pytest.mark.parametrize("mark", list(Mark))
@pytest.mark.parametrize("level", list(Level))
def test_nothing_that_bears_a_mark_is_sent_ahead(level: Level, mark: Mark) -> None:
    assert not Label.of(level, [mark]).may_be_sent_ahead


@pytest.mark.parametrize("level", list(Level))
def test_no_state_secret_is_sent_ahead(level: Level) -> None:
    assert Label.of(level).may_be_sent_ahead is (level < Level.CONFIDENTIAL)


def test_an_item_is_measured_together_with_its_entry() -> None:
    entry, item = Label.of(Level.INTERNAL, [Mark.WORK_SECRET]), Label.of(Level.PUBLIC)
    assert not entry.join(item).may_be_sent_ahead
