"""One copy request on its way, for tests: each function takes it one step further through the real services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.models.cases import PartyBinding, Person
from archive_store.models.copies import CopyRequest
from archive_store.request_words import Advice, Step
from portal.services.asking import Asked
from portal.services.decisions import Ruling
from portal.worker import Worker

if TYPE_CHECKING:
    from archive_store.identity import Actor
    from tests.portal.conftest import World


def bind(world: World, case_id: str, login: str = "party", person: str = "张演示") -> None:
    """Make an account the party of a case."""
    with world.opened.database.write() as unit:
        row = unit.session.scalars(select(Person).where(Person.case_id == case_id, Person.name == person)).one()
        unit.session.add(PartyBinding(account_id=world.ids[login], person_id=row.id, proof="演示：居民身份证"))


def submitted(world: World, case_id: str, login: str = "party") -> str:
    """A request for everything that is listed and has pages."""
    asking, actor = world.opened.services.asking, world.actor(login)
    items = asking.party_case(actor, case_id).items
    wanted = frozenset(item.item_id for item in items if not item.why_not)
    request_id = asking.begin(actor, case_id, Asked(wanted, "申请行政复议"))
    asking.submit(actor, request_id)
    return request_id


def accepted(world: World, request_id: str, who: str = "archivist") -> None:
    world.opened.services.copy_requests.accept(world.actor(who), request_id, "居民身份证", "本案当事人")


def reviewed(world: World, request_id: str, who: str = "archivist") -> None:
    """Referred to the reviewer, who advises to cover."""
    requests = world.opened.services.copy_requests
    requests.refer(world.actor(who), request_id, world.ids["reviewer"])
    reviewer = world.actor("reviewer")
    advice = dict.fromkeys(requests.page(reviewer, request_id).to_review, (Advice.REDACT, "演示：证人"))
    requests.give_opinion(reviewer, request_id, advice)


def begun(world: World, request_id: str, who: str = "archivist") -> None:
    world.opened.services.copy_requests.take(world.actor(who), request_id, Step.BEGIN_PREPARATION)


def item_ids(world: World, request_id: str) -> list[str]:
    with world.opened.database.read() as session:
        return [row.item_id for row in session.get_one(CopyRequest, request_id).items]


def covered(world: World, request_id: str, words: str, who: str = "archivist") -> None:
    """Boxes over some words wherever they stand."""
    preparation, actor = world.opened.services.preparation, world.actor(who)
    for item_id in item_ids(world, request_id):
        boxes = preparation.find_words(actor, request_id, item_id, words, "personal_privacy").boxes
        preparation.save_boxes(actor, request_id, item_id, boxes)


def made(world: World, request_id: str, who: str = "archivist") -> None:
    """The pages ordered, and made by the worker."""
    world.opened.services.preparation.order(world.actor(who), request_id)
    work(world)


def handed_up(world: World, request_id: str, who: str = "archivist") -> None:
    world.opened.services.copy_requests.take(world.actor(who), request_id, Step.SUBMIT_RELEASE)


def approved(world: World, request_id: str, who: str = "leader") -> None:
    """Approved as it stands, and the copy made."""
    decided(world, request_id, world.actor(who))
    work(world)


def decided(world: World, request_id: str, actor: Actor | None = None) -> None:
    """Approved as it stands, by the leader unless it is another."""
    decisions, actor = world.opened.services.decisions, actor or world.actor("leader")
    seen = decisions.screen(actor, request_id).release_hash
    decisions.decide(actor, request_id, Ruling(Step.APPROVE, seen))


def work(world: World) -> None:
    Worker(world.opened).run_until_idle()


def state_of(world: World, request_id: str) -> str:
    with world.opened.database.read() as session:
        return str(session.get_one(CopyRequest, request_id).state)
