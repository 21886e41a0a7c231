"""Whether a text names those whose naming asks for a mark or a level: informants, and persons by their numbers.

Text is compared without blanks and line ends, which stand anywhere in a page's text. A name of one character, and a
number of fewer than six, would be found everywhere and is not looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive_store.labels import Level, Mark
from archive_store.vocabulary import PersonRole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from archive_store.models.cases import Case, Item, Person
    from archive_store.private_fields import PrivateFields

SHORTEST_NAME, SHORTEST_NUMBER = 2, 6


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for in an item: names of informants, numbers of persons; empty where nothing has to be."""

    informants: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is looked for."""
        return bool(self.informants or self.numbers)


@dataclass(frozen=True, slots=True)
class Named:
    """What was found; None where the text is not known in full and nothing was found in what is known."""

    person: bool | None = None
    informant: bool | None = None


def sought_in(case: Case, private: Callable[[Person], PrivateFields]) -> Sought:
    """What any item of a case might name."""
    informants = [p.name for p in case.persons if p.role is PersonRole.INFORMANT or Mark.INFORMANT in p.label.marks]
    fields = [private(person) for person in case.persons]
    numbers = [_bare(number) for one in fields for number in (one.identity_number, one.phone)]
    return Sought(
        tuple(name for name in map(_bare, informants) if len(name) >= SHORTEST_NAME),
        tuple(number for number in numbers if len(number) >= SHORTEST_NUMBER),
    )


def sought_of(item: Item, sought: Sought) -> Sought:
    """What has to be looked for in one item: nothing where its label already says so."""
    return Sought(
        () if Mark.INFORMANT in item.label.marks else sought.informants,
        sought.numbers if item.label.level is Level.PUBLIC else (),
    )


def named_in(title: str, pages: Sequence[str] | None, sought: Sought) -> Named:
    """What an item names, in its title and the text of its pages; None, or a page without text: not known in full."""
    text = "\n".join(map(_bare, [title, *(pages or [])]))
    whole = pages is not None and all(page.strip() for page in pages)
    return Named(_found(sought.numbers, text, whole=whole), _found(sought.informants, text, whole=whole))


def _found(words: Iterable[str], text: str, *, whole: bool) -> bool | None:
    wanted = [*words]
    if any(word in text for word in wanted):
        return True
    return False if whole or not wanted else None


def _bare(text: str) -> str:
    return "".join(text.split())
