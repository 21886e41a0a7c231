"""Copy requests of the demonstration: one carried to its end, one on the leader's desk, one just handed in.

Each goes on from wherever an interrupted run left it, through the same services as everybody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.errors import ArchiveError
from archive_store.models.accounts import Account
from archive_store.models.cases import Case
from archive_store.models.copies import CopyRequest
from archive_store.models.work import Work
from archive_store.request_words import Advice, DeliveryWay, RequestState, Step
from archive_store.work import MAKE_COPY, MAKE_RELEASE
from portal.services.asking import Asked
from portal.services.decisions import Ruling

if TYPE_CHECKING:
    from collections.abc import Callable

    from archive_store.identity import Actor
    from portal.wiring import Installation

S = RequestState
COPY = "demo-copy.pdf"


@dataclass(frozen=True, slots=True)
class RequestStory:
    """What a fictional party asks for, whose name is covered, and how far it goes."""

    party: str
    titles: tuple[str, ...]
    purpose: str
    until: RequestState
    covered: str = ""
    delivery: DeliveryWay = DeliveryWay.DOWNLOAD


ACCEPTER, PREPARER, REVIEWER = "danganyuanyi", "danganyuanbing", "baomiyuanyi"
STORIES = (
    RequestStory(
        "zhangyanshi",
        ("现场检查笔录", "询问笔录", "行政处罚决定书"),
        "申请行政复议",
        S.APPROVED,
        covered="周演示",
    ),
    RequestStory("zhaoyanshi", ("行政处罚决定书", "行政决定书", "现场检查笔录"), "核对事实", S.AWAITING_APPROVAL),
    RequestStory("wangyanshi", ("行政处罚决定书", "现场检查笔录", "询问笔录"), "提起行政诉讼", S.SUBMITTED),
)


def carry_requests(opened: Installation, write: Callable[[bytes], None]) -> None:
    """Carry the stories as far as they go; the finished copy is given to `write`."""
    for story in STORIES:
        driver = _Driver(opened, story)
        driver.run()
        if story.until is S.APPROVED:
            write(driver.copy())


class _Driver:
    """Takes one request from state to state."""

    def __init__(self, opened: Installation, story: RequestStory) -> None:
        self._opened = opened
        self._services = opened.services
        self._story = story
        self._moves: dict[RequestState, Callable[[str], None]] = {
            S.DRAFT: self._submit,
            S.SUBMITTED: self._accept,
            S.ACCEPTED: self._refer_or_begin,
            S.IN_REVIEW: self._opine_and_begin,
            S.IN_PREPARATION: self._prepare,
            S.AWAITING_APPROVAL: self._approve,
        }

    def run(self) -> None:
        """Go on until the story's end."""
        request_id, state = self._found() or self._begun()
        while state is not self._story.until and state in self._moves:
            self._moves[state](request_id)
            state = self._state(request_id)
        self._work(MAKE_COPY)

    def copy(self) -> bytes:
        """The bytes of the finished copy; taking them here counts as no transfer."""
        kept = self._services.copies.kept()
        if len(kept) != 1:
            raise ArchiveError("演示复制件没有制作成功。")
        with self._opened.copies.open(kept[0].name) as file:
            return file.read()

    def _found(self) -> tuple[str, RequestState] | None:
        with self._opened.database.read() as session:
            row = session.scalars(
                select(CopyRequest).join(Account, Account.id == CopyRequest.requester_id).where(
                    Account.login == self._story.party
                )
            ).first()  # fmt: skip
            return (row.id, row.state) if row is not None else None

    def _begun(self) -> tuple[str, RequestState]:
        party = self._actor(self._story.party)
        case = self._services.asking.own_cases(party)[0]
        wanted = [item for item in case.items if item.title in self._story.titles and not item.why_not]
        asked = Asked(frozenset(item.item_id for item in wanted), self._story.purpose, self._story.delivery)
        return self._services.asking.begin(party, case.case_id, asked), S.DRAFT

    def _submit(self, request_id: str) -> None:
        self._services.asking.submit(self._actor(self._story.party), request_id)

    def _accept(self, request_id: str) -> None:
        proofs = "演示：居民身份证原件，与本人一致", "演示：本案当事人的法定代表人"
        self._services.copy_requests.accept(self._actor(ACCEPTER), request_id, *proofs)

    def _refer_or_begin(self, request_id: str) -> None:
        archivist = self._actor(PREPARER)
        shown = self._services.copy_requests.page(archivist, request_id)
        if Step.BEGIN_PREPARATION in shown.may_take:
            self._services.copy_requests.take(archivist, request_id, Step.BEGIN_PREPARATION)
        else:
            reviewer = self._actor(REVIEWER)
            self._services.copy_requests.refer(archivist, request_id, reviewer.account_id)

    def _opine_and_begin(self, request_id: str) -> None:
        reviewer = self._actor(REVIEWER)
        shown = self._services.copy_requests.page(reviewer, request_id)
        advice = dict.fromkeys(shown.to_review, (Advice.REDACT, "演示：证人信息须遮盖"))
        self._services.copy_requests.give_opinion(reviewer, request_id, advice)
        self._services.copy_requests.take(self._actor(PREPARER), request_id, Step.BEGIN_PREPARATION)

    def _prepare(self, request_id: str) -> None:
        archivist, preparation = self._actor(PREPARER), self._services.preparation
        for item in preparation.bench(archivist, request_id).items:
            words = (archivist, request_id, item.row.item_id, self._story.covered, "personal_privacy")
            boxes = preparation.find_words(*words).boxes if self._story.covered else []
            preparation.save_boxes(archivist, request_id, item.row.item_id, boxes)
            if not boxes and item.verdict.grounds:
                own = frozenset(str(mark) for mark in item.row.item.label.marks)
                preparation.settle(archivist, request_id, item.row.item_id, withheld="", own_marks=own)
        preparation.order(archivist, request_id)
        self._work(MAKE_RELEASE)
        self._services.copy_requests.take(archivist, request_id, Step.SUBMIT_RELEASE)

    def _approve(self, request_id: str) -> None:
        leader = self._leader(request_id)
        seen = self._services.decisions.screen(leader, request_id).release_hash
        self._services.decisions.decide(leader, request_id, Ruling(Step.APPROVE, seen))

    def _leader(self, request_id: str) -> Actor:
        """The leader in charge of the department that handled the case."""
        with self._opened.database.read() as session:
            request = session.get_one(CopyRequest, request_id)
            department = session.get_one(Case, request.case_id).department_id
            ids = session.scalars(select(Account.id)).all()
        people = [person for person in map(self._services.accounts.actor, ids) if person is not None]
        return next(person for person in people if department in person.in_charge)

    def _work(self, kind: str) -> None:
        """Do the noted work of a kind at once; the worker would do the same a moment later."""
        with self._opened.database.read() as session:
            waiting = session.scalars(select(Work).where(Work.kind == kind, Work.done_at.is_(None))).all()
        for work in waiting:
            self._opened.tasks[kind](work.subject_id)
            with self._opened.database.write() as unit:
                unit.session.merge(work).done_at = self._opened.desk.clock()

    def _state(self, request_id: str) -> RequestState:
        with self._opened.database.read() as session:
            return session.get_one(CopyRequest, request_id).state

    def _actor(self, login: str) -> Actor:
        with self._opened.database.read() as session:
            account_id = session.scalars(select(Account.id).where(Account.login == login)).one()
        actor = self._services.accounts.actor(account_id)
        if actor is None:
            raise ArchiveError(f"演示账号 {login} 不可用。")
        return actor
