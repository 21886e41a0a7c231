"""Filling the demonstration archive: the fictional people do what real people would, through the same services."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive_store.classification import MOST_YEARS, years_after
from archive_store.deadlines import CHINA
from archive_store.errors import ArchiveError
from archive_store.findings import UNDETERMINED_RULE
from archive_store.identity import Role, service_actor
from archive_store.label_decisions import is_determined
from archive_store.models.accounts import Account, Department, Leadership, RoleGrant
from archive_store.models.cases import Case, PartyBinding, Person
from archive_store.vocabulary import CaseState
from portal.cli.demonstration_requests import COPY, carry_requests
from portal.demonstration import CASES, DEPARTMENTS, PEOPLE, build
from portal.services.accounts import NewAccount, add_department
from portal.services.classification import NewProposal
from portal.services.parties import NewBinding
from portal.services.transfer import TransferService

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Select

    from archive_store.identity import Actor
    from portal.demonstration import CaseStory
    from portal.wiring import Installation

ACCOUNTS_FILE = "demo-accounts.json"
FOLDERS = "demo-folders"
LOOSE = "demo-inbox"
OFFICER = "classification_officer"
OFFICER_TERM = date(2026, 1, 1), date(2028, 12, 31)


def fill(opened: Installation, say: Callable[[str], None]) -> None:
    """Bring the demonstration archive to its finished state from whatever state it is in."""
    data = opened.settings.data
    people = _people(opened, data)
    _bind_leaders(opened, people)
    _appoint_officers(opened, people)
    waiting = [story for story in CASES if story.becomes != "loose" and not _stands(opened, story)]
    if waiting:
        say(f"生成 {len(waiting)} 卷虚构案卷……")
        build(data / FOLDERS, only=[story.name for story in waiting])
    for number, story in enumerate(waiting, start=1):
        _bring_in(opened, story, people)
        say(f"  [{number}/{len(waiting)}] {story.case_number} {story.title}")
    loose = [story for story in CASES if story.becomes == "loose"]
    if loose and not (data / LOOSE).exists():
        build(data / LOOSE, only=[story.name for story in loose])
    _bind_parties(opened, people)
    _publish_root(opened)
    if not (data / COPY).exists():
        say("办理演示复制申请……")
        carry_requests(opened, lambda content: _write_private(data / COPY, content))
    say("演示档案库已就绪。")


def _people(opened: Installation, data: Path) -> dict[str, str]:
    """Account id by login; accounts and their passwords are made on the first run."""
    with opened.database.read() as session:
        known = {account.login: account.id for account in session.scalars(select(Account))}
    if known:
        return known
    entries = [
        {
            "name": person.login,
            "role": _main_role(person.roles),
            "password": secrets.token_urlsafe(12),
            "title": person.name,
        }
        for person in PEOPLE
    ]
    _write_private(data / ACCOUNTS_FILE, json.dumps(entries, ensure_ascii=False, indent=1).encode())
    with opened.database.write() as unit:
        departments = {d.name: add_department(unit.session, d.name, d.code).id for d in DEPARTMENTS}
    accounts = opened.services.accounts
    codes = accounts.set_up(
        NewAccount(
            person.login,
            person.name,
            person.roles,
            frozenset(departments[name] for name in person.departments),
            person.clearance,
            person.marks,
            "演示",
        )
        for person in PEOPLE
    )
    for entry in entries:
        accounts.enrol(codes[entry["name"]], entry["password"])
    return _people(opened, data)


def _main_role(roles: frozenset[Role]) -> str:
    return min(roles).value


def _write_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)


def _bind_leaders(opened: Installation, people: dict[str, str]) -> None:
    with opened.database.write() as unit:
        if unit.session.scalars(select(Leadership)).first():
            return
        for department in DEPARTMENTS:
            row = unit.session.scalars(select(Department).where(Department.name == department.name)).one()
            start = datetime(2024, 1, 1, tzinfo=CHINA).date()
            unit.session.add(Leadership(department_id=row.id, account_id=people[department.leader], valid_from=start))
            if department.deputy:
                unit.session.add(
                    Leadership(
                        department_id=row.id,
                        account_id=people[department.deputy],
                        is_deputy=True,
                        valid_from=department.deputy_from or start,
                        valid_to=department.deputy_until,
                    )
                )


def _appoint_officers(opened: Installation, people: dict[str, str]) -> None:
    """定密责任人, each with a term."""
    with opened.database.write() as unit:
        role = Role.CLASSIFICATION_OFFICER
        if unit.session.scalars(select(RoleGrant).where(RoleGrant.role == role)).first():
            return
        for person in PEOPLE:
            if OFFICER in person.duties:
                grant = RoleGrant(account_id=people[person.login], role=role, ground="演示：定密责任人任命")
                grant.valid_from, grant.valid_to = OFFICER_TERM
                unit.session.add(grant)


def _stands(opened: Installation, story: CaseStory) -> bool:
    wanted = CaseState.SEALED if story.becomes == "sealed" else CaseState.DRAFT
    with opened.database.read() as session:
        return session.scalars(_of(story, wanted)).first() is not None


def _of(story: CaseStory, *states: CaseState) -> Select[Case]:
    statement = select(Case).where(Case.case_number == story.case_number, Case.title == story.title)
    return statement.where(Case.state.in_(states)) if states else statement


def _bring_in(opened: Installation, story: CaseStory, people: dict[str, str]) -> None:
    """Import, hand over on the day of the story, accept, waive what is left with a reason, seal."""
    services = opened.services
    outcome = services.intake.import_case(service_actor("demonstration"), opened.settings.data / FOLDERS / story.folder)
    if outcome.case_id is None:
        raise ArchiveError(f"演示案卷 {story.folder} 未能收入：" + "；".join(map(str, outcome.findings)))
    if story.becomes != "sealed":
        return
    handler = _actor(opened, next(p.login for p in PEOPLE if p.name == story.handlers[0]), people)
    archivist = _best_archivist(opened, people)
    filed = datetime.combine(story.filed_on or story.ended, time(10), CHINA)
    transfer = TransferService(
        replace(opened.desk, clock=lambda: filed), opened.regulation, opened.codes, services.checking
    )
    with opened.database.read() as session:
        state = session.get_one(Case, outcome.case_id).state
    if state is CaseState.DRAFT:
        transfer.hand_over(handler, outcome.case_id)
    if state in (CaseState.DRAFT, CaseState.HANDED_OVER):
        later = replace(opened.desk, clock=lambda: filed + timedelta(hours=4))
        TransferService(later, opened.regulation, opened.codes, services.checking).accept(archivist, outcome.case_id)
    findings = transfer.findings(archivist, outcome.case_id)
    for found in findings:
        if found.blocks and found.waivable:
            transfer.waive(archivist, outcome.case_id, found.finding.key, "演示案卷：情况已核实，同意归档。")
    if any(found.finding.rule_id == UNDETERMINED_RULE for found in findings):
        _determine_secrets(opened, outcome.case_id, handler, people)
    services.sealing.seal(archivist, outcome.case_id)


def _determine_secrets(opened: Installation, case_id: str, handler: Actor, people: dict[str, str]) -> None:
    """The handler proposes each state secret of the case with a term, the classifying officer decides."""
    classification = opened.services.classification
    officer = next(person.login for person in PEOPLE if OFFICER in person.duties)
    for row in classification.page(handler, case_id)[1]:
        if row.label.level.is_state_secret and not is_determined(row.decision):
            until = years_after(opened.desk.today(), MOST_YEARS[row.label.level] // 2)
            new = NewProposal(row.subject, row.subject_id, row.label, "演示：保密事项范围目录第三项", until)
            proposal_id = classification.propose(handler, case_id, new)
            decider = _actor(opened, officer, people)  # read anew: what waits is among its facts
            classification.decide(decider, proposal_id, granted=True, ground="演示：同意")


def _actor(opened: Installation, login: str, people: dict[str, str]) -> Actor:
    actor = opened.services.accounts.actor(people[login])
    if actor is None:
        raise ArchiveError(f"演示账号 {login} 不可用。")
    return actor


def _bind_parties(opened: Installation, people: dict[str, str]) -> None:
    stories = {story.name: story for story in CASES}
    archivist = _best_archivist(opened, people)
    for party in PEOPLE:
        for wanted in party.party_of:
            with opened.database.read() as session:
                of_case = _of(stories[wanted.case], CaseState.SEALED).with_only_columns(Case.id)
                person = session.scalars(
                    select(Person).where(Person.case_id.in_(of_case), Person.name == wanted.person)
                ).first()
                known = (
                    person is not None
                    and session.scalars(
                        select(PartyBinding).where(
                            PartyBinding.account_id == people[party.login], PartyBinding.person_id == person.id
                        )
                    ).first()
                )
            if person is not None and not known:
                new = NewBinding(person.id, party.login, "演示：已核验身份证明")
                opened.services.parties.bind(archivist, person.case_id, new)


def _best_archivist(opened: Installation, people: dict[str, str]) -> Actor:
    """The archivist who may see most."""
    archivists = [_actor(opened, p.login, people) for p in PEOPLE if Role.ARCHIVIST in p.roles]
    return max(archivists, key=lambda actor: (len(actor.marks), actor.clearance))


def _publish_root(opened: Installation) -> None:
    """Leave the demonstration authority's root where a visitor's validator finds it."""
    trust = opened.settings.data / "trust"
    trust.mkdir(exist_ok=True, mode=0o700)
    _write_private(trust / "root.pem", opened.authority.root_pem)
