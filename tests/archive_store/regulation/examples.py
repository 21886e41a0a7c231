"""For every need of the packaged rules a minimal file that fulfils it, and the one document that does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from archive_store.deadlines import CHINA
from archive_store.regulation.catalogue import load_catalogue
from archive_store.regulation.facts import CaseFacts, ItemFacts
from archive_store.regulation.rules import load_regulation
from archive_store.vocabulary import ActKind, Fact, Procedure, ServiceMethod, Stage

CATALOGUE = load_catalogue()
RULES = load_regulation(CATALOGUE)
STARTED, ENDED, FILED, TODAY = date(2025, 5, 6), date(2025, 6, 10), date(2025, 6, 20), date(2025, 9, 1)
RECORDED = datetime(2025, 5, 7, 10, 0, tzinfo=CHINA)
STORED = datetime(2025, 5, 7, 17, 30, tzinfo=CHINA)

# of licensing nothing is asked until a fact says so
QUIET = CaseFacts(ActKind.LICENSING, Procedure.ORDINARY, STARTED, ENDED, handed_over_at=FILED, accepted_at=FILED)


def item(code: str, *contains: str, number: int = 1) -> ItemFacts:
    """A signed item of a type, where it usually belongs."""
    kind = CATALOGUE.get(code)
    return ItemFacts(number, code, kind.stage, kind.volume, date(2025, 5, 7), contains=frozenset(contains))


def recording(*contains: str, stage: Stage = Stage.INVESTIGATION) -> ItemFacts:
    """A recording stored in time, whose device came back."""
    kept = item("av_record", *contains, "T34")
    return replace(kept, stage=stage, recorded_at=RECORDED, stored_at=STORED, has_pages=False)


def numbered(*items: ItemFacts) -> list[ItemFacts]:
    """The same items, numbered from 1."""
    return [replace(each, number=number) for number, each in enumerate(items, 1)]


@dataclass(frozen=True)
class Example:
    """`key` is the need; the first of `items` is the document that fulfils it, the others keep all else quiet."""

    key: str
    items: tuple[ItemFacts, ...]
    facts: frozenset[Fact] = frozenset()
    served: frozenset[ServiceMethod] = frozenset()
    kind: ActKind = ActKind.LICENSING
    procedure: Procedure = Procedure.ORDINARY

    @property
    def case(self) -> CaseFacts:
        """The facts of the file."""
        return replace(QUIET, kind=self.kind, procedure=self.procedure, facts=self.facts, served=self.served)


def _example(
    key: str,
    *items: ItemFacts,
    facts: tuple[Fact, ...] = (),
    served: tuple[ServiceMethod, ...] = (),
    kind: ActKind = ActKind.LICENSING,
    procedure: Procedure = Procedure.ORDINARY,
) -> Example:
    return Example(key, items, frozenset(facts), frozenset(served), kind, procedure)


F, S = Fact, ServiceMethod
RECORD, RIGHTS, REPORT = item("investigation_record", "R08"), item("rights_notice"), item("closing_report", "R10.all")
INVESTIGATION = (RECORD, RIGHTS, REPORT)
DEMAND, DEMAND_SERVED = item("demand_notice"), item("mail_receipt", "R25.served")
ENFORCED = (DEMAND, DEMAND_SERVED)
SERVED = item("service_receipt")
PERFORMED = item("performance_record")

EXAMPLES = [
    _example("R06", item("start_approval", "R06"), facts=(F.EX_OFFICIO,)),
    _example("R06a", item("start_approval", "R06a"), facts=(F.EMERGENCY_START,)),
    _example("R06b", item("start_approval", "R06b"), facts=(F.MAJOR_ACT,)),
    _example("R07", item("complaint_record", "R07"), facts=(F.COMPLAINT,)),
    _example("R07a", item("complaint_reply"), item("complaint_record", "R07"), facts=(F.COMPLAINT_NOT_TAKEN_UP,)),
    _example("R08", *INVESTIGATION, facts=(F.INVESTIGATED,)),
    _example("R09", RIGHTS, RECORD, REPORT, facts=(F.INVESTIGATED,)),
    _example("R10.witness", item("witness_statement"), *INVESTIGATION, facts=(F.INVESTIGATED, F.WITNESS_QUESTIONED)),
    _example(
        "R10.site_inspection",
        item("site_inspection_record"),
        recording("R11"),
        *INVESTIGATION,
        facts=(F.INVESTIGATED, F.SITE_INSPECTION),
    ),
    _example(
        "R10.sampling",
        item("sampling_record"),
        recording("R11"),
        *INVESTIGATION,
        facts=(F.INVESTIGATED, F.SAMPLING),
    ),
    _example("R10.testing", item("test_report"), *INVESTIGATION, facts=(F.INVESTIGATED, F.TESTING)),
    _example("R10.statement", item("statement_defence"), *INVESTIGATION, facts=(F.INVESTIGATED, F.STATEMENT_MADE)),
    _example(
        "R10.hearing",
        item("hearing_record", "R10.hearing"),
        recording("R11"),
        *INVESTIGATION,
        facts=(F.INVESTIGATED, F.HEARING),
    ),
    _example("R10.all", REPORT, RIGHTS, item("hearing_report"), RECORD, facts=(F.INVESTIGATED,)),
    _example("R11.site_inspection", recording("R11"), facts=(F.SITE_INSPECTION,)),
    _example("R11.sampling", recording("R11"), facts=(F.SAMPLING,)),
    _example("R11.hearing", recording("R11"), facts=(F.HEARING,)),
    _example("R12", item("evidence_preservation", "R12"), facts=(F.EVIDENCE_PRESERVED,)),
    _example("R13.decision", item("coercion_decision"), facts=(F.COERCIVE_MEASURE,)),
    _example(
        "R13.list",
        item("seizure_list"),
        item("coercion_decision"),
        recording("R13a"),
        facts=(F.COERCIVE_MEASURE, F.SEIZURE),
    ),
    _example(
        "R13a",
        recording("R13a"),
        item("coercion_decision"),
        item("seizure_list"),
        facts=(F.COERCIVE_MEASURE, F.SEIZURE),
    ),
    _example("R14", item("decision_draft", "R14"), facts=(F.DECISION_DRAFTED,)),
    _example("R15", item("legal_review", "R15"), facts=(F.LEGAL_REVIEW,)),
    _example("R16.discussion", item("collective_discussion"), facts=(F.COLLECTIVE_DISCUSSION,)),
    _example("R16.expert", item("expert_opinion"), facts=(F.EXPERT_REVIEW,)),
    _example(
        "R17.penalty",
        item("penalty_decision", "R17"),
        item("start_approval", "R06"),
        SERVED,
        PERFORMED,
        facts=(F.EX_OFFICIO, F.DECISION_MADE),
        served=(S.DIRECT,),
        kind=ActKind.PENALTY,
    ),
    _example(
        "R17.licensing",
        item("licence_decision", "R17"),
        SERVED,
        PERFORMED,
        facts=(F.DECISION_MADE,),
        served=(S.DIRECT,),
    ),
    _example(
        "R17.other",
        item("levy_decision", "R17"),
        item("start_approval", "R06"),
        SERVED,
        PERFORMED,
        facts=(F.EX_OFFICIO, F.DECISION_MADE),
        served=(S.DIRECT,),
        kind=ActKind.LEVY,
    ),
    _example("R18.record", item("summary_record", "R18.record"), item("summary_filing"), procedure=Procedure.SUMMARY),
    _example("R18.filing", item("summary_filing"), item("summary_record", "R18.record"), procedure=Procedure.SUMMARY),
    _example(
        "R18.collected",
        item("payment_receipt"),
        item("summary_filing"),
        item("summary_record", "R18"),
        facts=(F.COLLECTED_ON_SPOT,),
        procedure=Procedure.SUMMARY,
    ),
    _example(
        "R18a",
        recording(),
        item("summary_filing"),
        item("summary_record", "R18"),
        facts=(F.DISPUTE_PRONE,),
        procedure=Procedure.SUMMARY,
    ),
    _example("R19", SERVED, served=(S.DIRECT,)),
    _example("R20", item("mail_receipt", "R20"), served=(S.MAIL,)),
    _example("R21.receipt", item("service_receipt", "R21"), recording("R21", stage=Stage.SERVICE), served=(S.LEFT,)),
    _example("R21.recording", recording("R21", stage=Stage.SERVICE), item("service_receipt", "R21"), served=(S.LEFT,)),
    _example("R22.reason", item("entrusted_service", "R22"), SERVED, served=(S.ENTRUSTED,)),
    _example("R22.receipt", SERVED, item("entrusted_service", "R22"), served=(S.ENTRUSTED,)),
    _example(
        "R23.notice",
        item("public_notice"),
        item("public_notice_note", "R23"),
        recording("R23", stage=Stage.SERVICE),
        served=(S.PUBLIC_NOTICE,),
    ),
    _example(
        "R23.course",
        item("public_notice_note", "R23"),
        item("public_notice"),
        recording("R23", stage=Stage.SERVICE),
        served=(S.PUBLIC_NOTICE,),
    ),
    _example(
        "R23.recording",
        recording("R23", stage=Stage.SERVICE),
        item("public_notice"),
        item("public_notice_note", "R23"),
        served=(S.PUBLIC_NOTICE,),
    ),
    _example(
        "R24",
        PERFORMED,
        item("licence_decision", "R17"),
        SERVED,
        facts=(F.DECISION_MADE,),
        served=(S.DIRECT,),
    ),
    _example("R24a", item("reinspection_record", "R24a"), facts=(F.CORRECTION_ORDERED,)),
    _example("R25.demand", *ENFORCED, facts=(F.PERFORMANCE_OVERDUE,)),
    _example("R25.served", DEMAND_SERVED, DEMAND, facts=(F.PERFORMANCE_OVERDUE,)),
    _example(
        "R25.defence",
        item("defence_review", "R25.defence"),
        item("statement_defence"),
        *ENFORCED,
        facts=(F.PERFORMANCE_OVERDUE, F.STATEMENT_MADE),
    ),
    _example("R26.surcharge", item("surcharge_decision"), *ENFORCED, facts=(F.PERFORMANCE_OVERDUE, F.SURCHARGE)),
    _example(
        "R26.removal",
        item("removal_decision"),
        recording("R26a", stage=Stage.SERVICE),
        *ENFORCED,
        facts=(F.PERFORMANCE_OVERDUE, F.REMOVAL),
    ),
    _example(
        "R26.substitute",
        item("substitute_performance"),
        *ENFORCED,
        facts=(F.PERFORMANCE_OVERDUE, F.SUBSTITUTE_PERFORMANCE),
    ),
    _example("R26.other", item("enforcement_other"), *ENFORCED, facts=(F.PERFORMANCE_OVERDUE, F.OTHER_ENFORCEMENT)),
    _example(
        "R26a",
        recording("R26a", stage=Stage.SERVICE),
        item("removal_decision"),
        *ENFORCED,
        facts=(F.PERFORMANCE_OVERDUE, F.REMOVAL),
    ),
    _example(
        "R27.application",
        item("court_application"),
        item("court_result"),
        *ENFORCED,
        facts=(F.PERFORMANCE_OVERDUE, F.COURT_APPLICATION),
    ),
    _example(
        "R27.result",
        item("court_result"),
        item("court_application"),
        *ENFORCED,
        facts=(F.PERFORMANCE_OVERDUE, F.COURT_APPLICATION),
    ),
]
