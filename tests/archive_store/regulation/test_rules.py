"""A rule file that is wrong is refused with its place; a right one of another bureau is taken."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from archive_store.errors import InvalidInputError
from archive_store.regulation.catalogue import load_catalogue
from archive_store.regulation.evaluate import evaluate
from archive_store.regulation.facts import CaseFacts, Severity
from archive_store.regulation.rules import Check, Condition, Need, Params, load_regulation
from archive_store.vocabulary import ActKind, Fact, Procedure, ServiceMethod

ROOT = Path(__file__).resolve().parents[3]
CATALOGUE = load_catalogue()
OWN = """
[regulation]
code = "another-2024"
title = "另一办法"
in_force = 2024-01-01
audio_visual = ["av_record"]

[[rule]]
id = "R01"
article = "第一条"
title = "受理"
severity = "warns"
when = { all = ["kind.licensing"], any = ["fact.hearing", "served.mail"], none = ["procedure.summary"] }

[[rule.need]]
any_of = ["acceptance_notice"]
message = "缺少受理通知书，请补入。"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('id = "R01"', 'id = "one"', "rule.1.id 写法不合规定"),
        ('id = "R01"\n', "", "rule.1.id 缺少此项"),
        ('severity = "warns"', 'severity = "maybe"', "rule.1.severity 不在可用的值之内"),
        ("fact.hearing", "fact.hearsay", "没有“fact.hearsay”这个条件"),
        ("kind.licensing", "sort.licensing", "没有“sort.licensing”这个条件"),
        ("kind.licensing", "licensing", "没有“licensing”这个条件"),
        ('"acceptance_notice"', '"no_such_type"', "没有“no_such_type”这种材料类型"),
        ('"av_record"', '"no_such_type"', "没有“no_such_type”这种材料类型"),
        ('any_of = ["acceptance_notice"]\n', "", "须写明需要哪些材料"),
        ("any_of", "anyof", "没有这个字段"),
        ("[[rule.need]]", 'check = "holds"\n\n[[rule.need]]', "要么写 need，要么写 check"),
        ("in_force = 2024-01-01", "in_force = 第一天", "不是合格的 TOML"),
    ],
)
def test_a_slip_in_a_rule_file_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in OWN
    with pytest.raises(InvalidInputError) as caught:
        load_regulation(CATALOGUE, written(tmp_path, OWN.replace(old, new)))
    assert says in caught.value.message


def test_an_id_is_given_once(tmp_path: Path) -> None:
    rule = OWN[OWN.index("[[rule]]") :]
    with pytest.raises(InvalidInputError, match="规则编号重复：R01"):
        load_regulation(CATALOGUE, written(tmp_path, OWN + rule))


def test_needs_of_one_rule_have_codes_of_their_own(tmp_path: Path) -> None:
    need = OWN[OWN.index("[[rule.need]]") :]
    with pytest.raises(InvalidInputError, match="不同的 code"):
        load_regulation(CATALOGUE, written(tmp_path, OWN + need))


def test_a_check_says_what_it_found(tmp_path: Path) -> None:
    check = OWN[: OWN.index("[[rule.need]]")] + 'check = "holds"\n'
    with pytest.raises(InvalidInputError, match="须有 message"):
        load_regulation(CATALOGUE, written(tmp_path, check))


def test_a_bureau_under_another_regulation_swaps_the_file(tmp_path: Path) -> None:
    rules = load_regulation(CATALOGUE, written(tmp_path, OWN))
    assert (rules.code, rules.title, rules.in_force) == ("another-2024", "另一办法", date(2024, 1, 1))
    case = CaseFacts(ActKind.LICENSING, Procedure.ORDINARY, date(2025, 1, 1), served=frozenset({ServiceMethod.MAIL}))
    (finding,) = evaluate(rules, case, [], date(2025, 2, 1))
    assert (finding.rule_id, finding.severity) == ("R01", Severity.WARNS)


@pytest.mark.parametrize(
    ("facts", "procedure", "holds"),
    [
        ({Fact.HEARING, Fact.SAMPLING}, Procedure.ORDINARY, True),
        ({Fact.HEARING}, Procedure.ORDINARY, False),
        ({Fact.SAMPLING}, Procedure.ORDINARY, False),
        ({Fact.HEARING, Fact.SAMPLING}, Procedure.SUMMARY, False),
    ],
)
def test_all_any_and_none_hold_together(facts: set[Fact], procedure: Procedure, holds: bool) -> None:  # noqa: FBT001
    condition = Condition(all=("fact.hearing",), any=("fact.sampling", "fact.testing"), none=("procedure.summary",))
    case = CaseFacts(ActKind.PENALTY, procedure, date(2025, 1, 1), facts=frozenset(facts))
    assert condition.holds(case) is holds


def test_an_empty_condition_always_holds() -> None:
    assert Condition().holds(CaseFacts(ActKind.OTHER, Procedure.SUMMARY, date(2025, 1, 1)))


def test_every_rule_has_an_article_a_title_and_a_message() -> None:
    for rule in load_regulation(CATALOGUE).rules:
        assert rule.article.startswith("第")
        assert rule.title
        assert all(need.message.endswith("。") for need in rule.need) or rule.message.endswith("。")


def test_the_guide_names_every_check_and_every_parameter() -> None:
    guide = (ROOT / "docs/regulation.md").read_text("utf-8")
    assert [check for check in Check if f"`{check}`" not in guide] == []
    assert [name for name in (*Params.model_fields, *Need.model_fields) if f"`{name}" not in guide] == []
