"""The form of a regulation's rules, and their reading from a file.

A rule has an id, the article that it cites, a condition (`when`), and either needs (documents that must be there) or
the name of a check that is code. Everything else (which documents, which statements, terms, words) is data, so that
a bureau under another regulation swaps the file. `docs/regulation.md` is the guide for whoever writes one.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, Field, field_validator, model_validator

from archive_store.regulation.facts import CaseFacts, Severity
from archive_store.regulation.packaged import CLOSED, packaged, read_data
from archive_store.vocabulary import ActKind, Fact, Procedure, ServiceMethod, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archive_store.regulation.catalogue import DocumentCatalogue

RULES_FILE = "full-process-recording-2025.toml"

_WORDS: dict[str, type[StrEnum]] = {"fact": Fact, "procedure": Procedure, "served": ServiceMethod, "kind": ActKind}

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Words = Annotated[str, Field(max_length=300)]


class Check(StrEnum):
    """Checks that are code; each reads the parameters of its rule."""

    HOLDS = "holds"
    """The condition itself is the finding."""
    EMERGENCY_FORM = "emergency_form"
    FILING_TERM = "filing_term"
    RECORDING_LAG = "recording_lag"
    ORDER = "order"
    STATED_FOR_EACH = "stated_for_each"
    UNDECLARED_FACT = "undeclared_fact"
    READABLE = "readable"
    PAGES = "pages"
    SIGNED = "signed"
    DATED = "dated"
    USUAL_VOLUME = "usual_volume"
    KNOWN_TYPE = "known_type"
    KNOWN_STATEMENT = "known_statement"


class Condition(BaseModel):
    """When a rule applies: all of `all`, at least one of `any` (where there are any), none of `none`."""

    model_config = CLOSED

    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()

    @field_validator("all", "any", "none")
    @classmethod
    def _known(cls, terms: tuple[str, ...]) -> tuple[str, ...]:
        for term in terms:
            subject, _, value = term.partition(".")
            if subject not in _WORDS or value not in {str(word) for word in _WORDS[subject]}:
                raise ValueError(f"没有“{term}”这个条件")
        return terms

    def holds(self, facts: CaseFacts) -> bool:
        """Whether the condition holds for a file."""
        true = _terms(facts)
        return true.issuperset(self.all) and true.isdisjoint(self.none) and not (self.any and true.isdisjoint(self.any))


def _terms(facts: CaseFacts) -> set[str]:
    return {
        f"procedure.{facts.procedure}",
        f"kind.{facts.kind}",
        *(f"fact.{fact}" for fact in facts.facts),
        *(f"served.{way}" for way in facts.served),
    }


class Need(BaseModel):
    """Documents that must be there, within a rule.

    Fulfilled when an item of `any_of` (or an audio-visual record) is there, and one of each of `all_of`;
    or an item of `or_stated_in` for which the handler made the statement; or one of `unless`.
    """

    model_config = CLOSED

    code: Annotated[str, Field(pattern=r"^[a-z0-9_]*$", max_length=40)] = ""
    when: Condition = Condition()
    any_of: tuple[Code, ...] = ()
    all_of: tuple[Code, ...] = ()
    audio_visual: bool = False
    stage: Stage | None = None
    unless: tuple[Code, ...] = ()
    or_stated_in: tuple[Code, ...] = ()
    signed: bool = False
    states: Words = ""
    """What the handler confirms of the content; empty where the document's being there is enough."""
    states_severity: Severity | None = None
    message: Annotated[str, Field(min_length=1, max_length=300)]

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not (self.any_of or self.all_of or self.audio_visual):
            raise ValueError("须写明需要哪些材料（any_of、all_of 或 audio_visual）")
        return self

    @property
    def documents(self) -> tuple[str, ...]:
        """Every document type that may fulfil the need."""
        return (*self.any_of, *self.all_of, *self.or_stated_in)


class Params(BaseModel):
    """Parameters of a check; each check reads the few that it knows."""

    model_config = CLOSED

    types: tuple[Code, ...] = ()
    later: tuple[Code, ...] = ()
    facts: dict[Code, Fact] = {}
    hours: Annotated[int, Field(ge=1)] = 24
    days: Annotated[int, Field(ge=1)] = 30
    days_by_kind: dict[ActKind, Annotated[int, Field(ge=1)]] = {}
    counts_to: Literal["acceptance", "hand_over"] = "acceptance"


class Rule(BaseModel):
    """One rule of a regulation."""

    model_config = CLOSED

    id: Annotated[str, Field(pattern=r"^[A-Z][0-9]{2}[a-z]?$")]
    article: Annotated[str, Field(min_length=1, max_length=60)]
    title: Annotated[str, Field(min_length=1, max_length=60)]
    severity: Severity
    when: Condition = Condition()
    need: tuple[Need, ...] = ()
    check: Check | None = None
    params: Params = Params()
    states: Words = ""
    message: Words = ""

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if bool(self.need) == (self.check is not None):
            raise ValueError("一条规则要么写 need，要么写 check")
        if self.check is not None and not self.message:
            raise ValueError("写了 check 的规则须有 message")
        codes = [need.code for need in self.need]
        if len(set(codes)) < len(codes):
            raise ValueError("同一规则的各项 need 须有不同的 code")
        return self

    def needs_of(self, facts: CaseFacts) -> Iterator[Need]:
        """The needs that hold for a file."""
        if self.when.holds(facts):
            yield from (need for need in self.need if need.when.holds(facts))


class _Heading(BaseModel):
    model_config = CLOSED

    code: Annotated[str, Field(pattern=r"^[a-z0-9-]+$", max_length=60)]
    title: Annotated[str, Field(min_length=1, max_length=100)]
    in_force: date
    audio_visual: tuple[Code, ...] = ()


class _RegulationData(BaseModel):
    model_config = CLOSED

    regulation: _Heading
    rule: Annotated[tuple[Rule, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        ids = [rule.id for rule in self.rule]
        if twice := sorted({rule_id for rule_id in ids if ids.count(rule_id) > 1}):
            raise ValueError(f"规则编号重复：{'、'.join(twice)}")
        return self


class Regulation:
    """A regulation: its heading, its rules in order, and the catalogue that its document types come from."""

    def __init__(self, heading: _Heading, rules: tuple[Rule, ...], catalogue: DocumentCatalogue) -> None:
        self.code = heading.code
        self.title = heading.title
        self.in_force = heading.in_force
        self.audio_visual = frozenset(heading.audio_visual)
        self.rules = rules
        self.catalogue = catalogue
        self._by_id = {rule.id: rule for rule in rules}
        for code in sorted(self._named_types()):
            catalogue.get(code)

    def rule(self, rule_id: str) -> Rule | None:
        """The rule with this id."""
        return self._by_id.get(rule_id)

    @property
    def statements(self) -> frozenset[str]:
        """Every id under which a handler may make a statement: of a rule, or of one need of it."""
        return frozenset(
            statement
            for rule in self.rules
            for statement in (rule.id, *(f"{rule.id}.{need.code}" for need in rule.need if need.code))
        )

    def _named_types(self) -> set[str]:
        named = set(self.audio_visual)
        for rule in self.rules:
            named.update(rule.params.types, rule.params.later, rule.params.facts)
            for need in rule.need:
                named.update(need.documents, need.unless)
        return named


def load_regulation(catalogue: DocumentCatalogue, source: Path | None = None) -> Regulation:
    """Read the packaged rules, or a bureau's own file.

    Raises:
        InvalidInputError: The file is not of the form, or names a document type that the catalogue has not.

    """
    data = read_data(source or packaged(RULES_FILE), _RegulationData)
    return Regulation(data.regulation, data.rule, catalogue)
