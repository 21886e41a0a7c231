"""Work noted with what causes it, and duties that one process holds at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, select

from archive_store.holders import Holder
from archive_store.models.base import now
from archive_store.models.work import IndexHold, IndexState, Lease, Work

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

INDEX_CASE, MAKE_RELEASE, MAKE_COPY = "index_case", "make_release", "make_copy"
PREPARE_PLAYING = "prepare_playing"
RECOGNISE_TEXT, RECOGNISE_SPEECH = "recognise_text", "recognise_speech"
BUILD_INDEX = "build_index"
LONG = (PREPARE_PLAYING, BUILD_INDEX, RECOGNISE_TEXT, RECOGNISE_SPEECH)
"""Work that takes long and that nobody's request waits for, the sooner wanted first; all other work goes before it."""
WORKER = "worker"
"""The lease of the one that carries out noted work."""
RETRY_SECONDS = (2, 10, 60, 300, 1800)


def note(session: Session, kind: str, subject_id: str, **payload: Any) -> None:  # noqa: ANN401 - JSON values
    """Note work in the present transaction."""
    session.add(Work(kind=kind, subject_id=subject_id, payload=payload))


def note_index(session: Session, case_id: str) -> None:
    """Have the index follow what became of a case."""
    state = session.get(IndexState, case_id)
    if state is None:
        session.add(IndexState(case_id=case_id))
    else:
        state.wanted += 1
    note(session, INDEX_CASE, case_id)


def note_relabelled(session: Session, case_id: str) -> None:
    """The same after a change of a label: until the index has followed, nothing of the case is found."""
    note_index(session, case_id)
    session.flush()
    wanted = session.get_one(IndexState, case_id).wanted
    session.merge(IndexHold(case_id=case_id, wanted=wanted))


def release_hold(session: Session, case_id: str, indexed: int) -> None:
    """The index has followed up to `indexed`."""
    hold = session.get(IndexHold, case_id)
    if hold is not None and hold.wanted <= indexed:
        session.delete(hold)


def note_once(session: Session, kind: str, subject_id: str) -> None:
    """Note work in the present transaction, unless the same is noted already and not done."""
    same = select(Work.id).where(Work.kind == kind, Work.subject_id == subject_id, Work.done_at.is_(None))
    if session.scalars(same.limit(1)).first() is None:
        note(session, kind, subject_id)


def next_work(session: Session, *, long: bool = False) -> Work | None:
    """The oldest work that is due: of the ordinary kinds, or with `long` of those that take long."""
    rank = case({kind: rank for rank, kind in enumerate(LONG)}, value=Work.kind, else_=0)
    kinds = Work.kind.in_(LONG) if long else Work.kind.not_in(LONG)
    due = select(Work).where(Work.done_at.is_(None), Work.not_before <= now(), kinds)
    return session.scalars(due.order_by(rank, Work.id).limit(1)).first()


def mark_failed(work: Work, error: str) -> None:
    """Try again later, each time after a longer wait."""
    wait = RETRY_SECONDS[min(work.attempts, len(RETRY_SECONDS) - 1)]
    work.attempts += 1
    work.last_error = error[:2000]
    work.not_before = now() + timedelta(seconds=wait)


def last_failure(session: Session, kind: str, subject_id: str) -> str:
    """What stopped a piece of work that will be tried again, in words; empty where nothing did."""
    waiting = select(Work.last_error).where(
        Work.kind == kind, Work.subject_id == subject_id, Work.done_at.is_(None), Work.attempts > 0
    )
    return session.scalars(waiting.limit(1)).first() or ""


def hold_lease(session: Session, name: str, holder: str, seconds: float) -> bool:
    """Take or prolong a duty; False where another holds it. A holder that was killed holds nothing (`holders`)."""
    lease = session.get(Lease, name, with_for_update=True)
    if lease is None:
        session.add(Lease(name=name, holder=holder, until=now() + timedelta(seconds=seconds)))
        session.flush()
        return True
    if lease.holder != holder and lease.until > now() and not _is_gone(session, lease.holder):
        return False
    lease.holder = holder
    lease.until = now() + timedelta(seconds=seconds)
    return True


def _is_gone(session: Session, name: str) -> bool:
    holder = Holder.parse(name)
    return holder is not None and holder.is_gone(one_machine=session.get_bind().dialect.name == "sqlite")


def is_held(session: Session, name: str) -> bool:
    """Whether somebody who lives holds a duty now."""
    lease = session.get(Lease, name)
    return lease is not None and lease.until > now() and not _is_gone(session, lease.holder)


def drop_lease(session: Session, name: str, holder: str) -> None:
    """Give a duty back at an orderly end."""
    lease = session.get(Lease, name)
    if lease is not None and lease.holder == holder:
        session.delete(lease)
