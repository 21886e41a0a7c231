"""可列示: which items of the 正卷 a party sees listed, and under which neutral title.

Never items of the 副卷, nor 秘密 and above, nor what bears 举报人信息: that such an item exists is itself not told.
A title should name no one but the one party; where it does, the archivist is warned, for only people can tell.

Source: 办法 Art. 30, 31; section "who may do what" of `docs/access-matrix.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive_store.audit.events import EventName
from archive_store.cases import case_for, item_thing, readable_items
from archive_store.errors import InvalidInputError, NotFoundError
from archive_store.labels import Mark, Volume
from archive_store.permissions import Permission
from archive_store.policy import cleared, decide, may_be_known_to_party
from archive_store.vocabulary import MAY_ASK_FOR_COPIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archive_store.identity import Actor
    from archive_store.labels import Label
    from archive_store.models.cases import Case, Item
    from archive_store.regulation.catalogue import DocumentCatalogue
    from portal.services.desk import Desk

LONGEST_TITLE = 200
SHORTEST_NAME = 2


@dataclass(frozen=True, slots=True)
class ListingRow:
    """An item, the neutral title that it has or would have, and why it can never be listed (empty where it can)."""

    item: Item
    title: str
    refusal: str


@dataclass(frozen=True, slots=True)
class ListingPage:
    """The items of a case that this archivist may read; `refusal` where no party may know of the case at all."""

    case: Case
    rows: tuple[ListingRow, ...]
    refusal: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What the archivist decided of one item."""

    listable: bool
    title: str


class ListingService:
    """Decides what parties see listed."""

    def __init__(self, desk: Desk, catalogue: DocumentCatalogue) -> None:
        self._desk = desk
        self._catalogue = catalogue

    def page(self, actor: Actor, case_id: str) -> ListingPage:
        """The items to decide on."""
        with self._desk.database.read() as session:
            case = case_for(session, actor, case_id, Permission.SET_LISTABLE)
            rows = tuple(
                ListingRow(item, item.neutral_title or self._usual(item), _refusal(item))
                for item in readable_items(actor, case)
            )
            return ListingPage(case, rows, _refusal_of(case.label))

    def decide(self, actor: Actor, case_id: str, choices: Mapping[str, Choice]) -> list[int]:
        """Write the choices by item id, all or none; gives the numbers of items whose title names someone.

        Raises:
            NotFoundError: an item is not one of this case for this actor.
            InvalidInputError: an item can never be listed, or has no title, or too long a one.
        """
        with self._desk.database.write() as unit:
            session = unit.session
            case = case_for(session, actor, case_id, Permission.SET_LISTABLE)
            items = {item.id: item for item in case.items}
            names = _names(actor, case)
            naming = []
            for item_id, choice in choices.items():
                item = items.get(item_id)
                if item is None or not decide(actor, Permission.SET_LISTABLE, item_thing(case, item)):
                    raise NotFoundError
                title = _checked(item, choice)
                if (item.listable, item.neutral_title) != (choice.listable, title):
                    item.listable, item.neutral_title = choice.listable, title
                    subject, name = ("item", item.id), EventName.ITEM_SET_LISTABLE
                    self._desk.record(session, actor, name, subject, listable=choice.listable)
                if choice.listable and any(name in title for name in names):
                    naming.append(item.number)
            return sorted(naming)

    def _usual(self, item: Item) -> str:
        return self._catalogue.get(item.type_code).neutral_title if item.type_code in self._catalogue else ""


def _refusal(item: Item) -> str:
    if item.volume is Volume.AUXILIARY:
        return "副卷为内部材料，不向当事人列示。"
    return _refusal_of(item.label)


def _refusal_of(label: Label) -> str:
    if may_be_known_to_party(label):
        return ""
    if Mark.INFORMANT in label.marks:
        return "含举报人信息，不向当事人列示。"
    return f"密级为{label.level.zh}，不向当事人列示。"


def _checked(item: Item, choice: Choice) -> str:
    title = " ".join(choice.title.split())
    if len(title) > LONGEST_TITLE or not title.isprintable():
        raise InvalidInputError(f"第 {item.number} 件的列示名称过长或含有不能显示的字符，请改短。", "title")
    if choice.listable and not title:
        raise InvalidInputError(f"第 {item.number} 件没有列示名称，不能列示。请填写不含个人信息的名称。", "title")
    if choice.listable and (_refusal(item) or _refusal_of(item.case.label)):
        raise InvalidInputError(f"第 {item.number} 件不能列示：{_refusal(item) or _refusal_of(item.case.label)}")
    return title


def _names(actor: Actor, case: Case) -> list[str]:
    """Names that a title should not hold: everyone's, but for the one party where there is only one.

    Persons whom the archivist may not know are left out: a warning would give them away.
    """
    asking = [person for person in case.persons if person.role in MAY_ASK_FOR_COPIES]
    free = asking if len(asking) == 1 else []
    known = [person for person in case.persons if person not in free and cleared(actor, person.label)]
    return [person.name for person in known if len(person.name) >= SHORTEST_NAME]
