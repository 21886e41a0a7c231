from __future__ import annotations

from datetime import timedelta

from portal.demonstration import BUREAU, CASES, DEPARTMENTS, PEOPLE
from portal.demonstration.source import Becomes

TERM = timedelta(days=30)


def test_only_a_sealed_case_is_filed() -> None:
    for story in CASES:
        assert (story.filed_on is not None) == (story.becomes is Becomes.SEALED)


def test_one_case_is_filed_late() -> None:
    late = [story.name for story in CASES if story.filed_on and story.filed_on - story.ended > TERM]
    assert late == ["court"]


def test_no_case_is_filed_before_it_ended() -> None:
    assert all(story.filed_on >= story.ended for story in CASES if story.filed_on)


def test_stories_name_departments_and_handlers_that_exist() -> None:
    departments = {department.name for department in DEPARTMENTS}
    assert all(story.department in departments for story in CASES)
    assert {name for story in CASES for name in story.handlers} <= {person.name for person in PEOPLE}
    assert BUREAU.people == PEOPLE
