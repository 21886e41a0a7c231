"""The read side of cases: one place in which a case is found for an actor, and in which lists are narrowed.

Every service begins here. What the actor may not see raises the same error as what does not exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from archive_store.errors import NotFoundError, RefusedError
from archive_store.labels import Volume
from archive_store.models.base import AMONG
from archive_store.models.cases import Case, CaseHandler, Item
from archive_store.permissions import Permission
from archive_store.policy import Scope, Thing, cleared, decide, may, may_be_known_to_party, scope, tokens_of_case
from archive_store.vocabulary import CaseState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Row
    from sqlalchemy.orm import Session

    from archive_store.identity import Actor


def case_thing(case: Case) -> Thing:
    """The facts of a case's entry that rules ask for."""
    handlers = frozenset(handler.account_id for handler in case.handlers if handler.account_id)
    return Thing(tokens_of_case(case.id, case.department_id, handlers), case.label, case.state)


def item_thing(case: Case, item: Item) -> Thing:
    """The facts of one item that rules ask for."""
    return case_thing(case).item(item.id, item.label, item.volume, listable=item.listable)


def things_of(session: Session, ids: Iterable[str]) -> dict[str, Thing]:
    """The same facts of many items and cases at once, by id, without loading them; unknown ids are left out."""
    wanted = set(ids)
    items = session.execute(_ITEMS, {"ids": list(wanted)}).all()
    left = wanted - {item.id for item in items}
    others = session.execute(_CASES, {"ids": list(left)}).all() if left else []
    cases = _entries(session, {row.case_id: row for row in (*items, *others)})
    things = {row.case_id: cases[row.case_id] for row in others}
    for row in items:
        things[row.id] = cases[row.case_id].item(row.id, row.label, row.volume, listable=row.listable)
    return things


def _entries(session: Session, rows: Mapping[str, Row[*tuple[Any, ...]]]) -> dict[str, Thing]:
    """The facts of the entries of cases from their rows, by id."""
    handlers: dict[str, set[str]] = {case_id: set() for case_id in rows}
    for case_id, account_id in session.execute(_HANDLERS, {"ids": list(rows)}) if rows else ():
        if account_id:
            handlers[case_id].add(account_id)
    return {
        case_id: Thing(tokens_of_case(case_id, row.department_id, frozenset(handlers[case_id])), row.entry, row.state)
        for case_id, row in rows.items()
    }


# made once: putting them together anew would take as long as asking them
_FACTS = Case.id.label("case_id"), Case.department_id, Case.label.label("entry"), Case.state
_CASES = select(*_FACTS).where(Case.id.in_(AMONG))
_ITEMS = select(Item.id, Item.label, Item.volume, Item.listable, *_FACTS).join(Item.case).where(Item.id.in_(AMONG))
_HANDLERS = select(CaseHandler.case_id, CaseHandler.account_id).where(CaseHandler.case_id.in_(AMONG))


def case_for(session: Session, actor: Actor, case_id: str, permission: Permission) -> Case:
    """The case, for someone who may do this to it.

    Raises:
        NotFoundError: it does not exist, or not for this actor, or the permission is not of the actor's office.
        RefusedError: the actor sees it and holds the permission elsewhere, but not for this case as it stands.
    """
    case = session.get(Case, case_id)
    if case is None:
        raise NotFoundError
    thing = case_thing(case)
    if decide(actor, permission, thing):
        return case
    if may(actor, permission) and decide(actor, Permission.SEE_ENTRY, thing):
        raise RefusedError(f"案卷目前“{case.state.zh}”，或您与本案存在职责回避，不能进行此操作。")
    raise NotFoundError


def item_for(
    session: Session, actor: Actor, item_id: str, permission: Permission = Permission.READ_CONTENT
) -> tuple[Case, Item]:
    """An item and its case, for someone who may do this to it; else as if neither existed."""
    item = session.get(Item, item_id)
    if item is None or not decide(actor, permission, item_thing(item.case, item)):
        raise NotFoundError
    return item.case, item


def readable_items(actor: Actor, case: Case) -> list[Item]:
    """The items of a case that the actor may read, in order."""
    thing = case_thing(case)
    return [
        item
        for item in case.items
        if decide(actor, Permission.READ_CONTENT, thing.item(item.id, item.label, item.volume, listable=item.listable))
    ]


def listed_items(case: Case) -> list[Item]:
    """The items that may be listed to a party at all, in order: their places give the numbers that parties see."""
    return [item for item in case.items if may_be_listed(case, item)]


def may_be_listed(case: Case, item: Item) -> bool:
    """Whether an item stands in a party's list: marked so by an archivist, of the 正卷, and free to be known."""
    known = may_be_known_to_party(item.label) and may_be_known_to_party(case.label)
    return item.listable and item.volume is Volume.MAIN and known


def visible_cases(session: Session, actor: Actor, permission: Permission = Permission.SEE_ENTRY) -> ColumnElement[bool]:
    """The condition that narrows a query over `Case` to what `decide` would allow, from the same rows."""
    codes = session.scalars(select(Case.label).distinct()).all()
    cleared_labels = [label for label in codes if cleared(actor, label)]
    states = [_in_state(scope(actor, permission, state), state) for state in CaseState]
    return and_(Case.label.in_(cleared_labels) if cleared_labels else false(), or_(*states))


def _in_state(reach: Scope, state: CaseState) -> ColumnElement[bool]:
    if state not in reach.states:
        return false()
    return and_(Case.state == state, carries(reach.tokens))


def carries(tokens: frozenset[str] | None) -> ColumnElement[bool]:
    """The condition that a case carries one of the tokens (the table's form of `tokens_of_case`)."""
    if tokens is None:
        return true()
    by_kind: dict[str, list[str]] = {}
    for token in tokens:
        kind, _, value = token.partition(":")
        by_kind.setdefault(kind, []).append(value)
    ways: dict[str, Any] = {
        "case": Case.id.in_,
        "department": Case.department_id.in_,
        "handler": lambda ids: Case.handlers.any(CaseHandler.account_id.in_(ids)),
        "item": lambda ids: Case.items.any(Item.id.in_(ids)),
    }
    return or_(false(), *(ways[kind](values) for kind, values in by_kind.items()))
