"""`anjuan verify-copy`: the verdict on a file that claims to be a copy, with or without a data folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive_store.errors import InvalidInputError
from archive_store.parsing.pool import ParserPool
from portal.cli.context import GOOD, REFUSED, installation, json_option
from portal.dissemination.verdict import trust_in_roots, verdict_on
from portal.services.verification import LIMITS, Checked

if TYPE_CHECKING:
    from typing import BinaryIO

OUTCOMES = {True: "通过", False: "未通过", None: "未检查"}
COMMAND = "service:verify-copy"


@click.command("verify-copy")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--root",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="出具单位的根证书（PEM）；给出时不需要数据文件夹，也不查出具记录",
)
@json_option
@click.pass_obj
def verify_copy(data: Path, file: Path, root: Path | None, *, as_json: bool) -> int:
    """核验一份复制件：真实且未撤回为 0，其他一律为 1，文件不能打开为 2。"""
    opened = _open(file)
    with opened:
        checked = _by_root(opened, root) if root else _by_archive(opened, data)
    if as_json:
        record = checked.record.to_json() if checked.record else None
        click.echo(json.dumps({**checked.report.to_json(), "record": record}, ensure_ascii=False))
    else:
        _say(checked)
    return GOOD if checked.holds else REFUSED


def _open(file: Path) -> BinaryIO:
    """The file, open; what cannot be read twice (a pipe, a device) counts as not to be opened."""
    try:
        if not file.is_file():
            raise click.UsageError(f"{file} 不是普通文件，不能核验。")
        return file.open("rb")
    except OSError as error:
        raise click.UsageError(f"{file} 不能打开：{error.strerror}。") from error


def _by_root(file: BinaryIO, root: Path) -> Checked:
    """By a root certificate alone: nothing of this machine is asked."""
    try:
        trust = trust_in_roots(root.read_bytes())
    except InvalidInputError as error:
        raise click.UsageError(error.message) from error
    except OSError as error:
        raise click.UsageError(f"{root} 不能打开：{error.strerror}。") from error
    with ParserPool(1, LIMITS) as pool:
        return Checked(verdict_on(pool, file, trust), None)


def _by_archive(file: BinaryIO, data: Path) -> Checked:
    """By the archive's own authority and records, of any size."""
    with installation(data) as opened:
        return opened.services.verification.check(file, by=COMMAND, largest=None)


def _say(checked: Checked) -> None:
    report = checked.report
    click.echo(report.sentence)
    if checked.record:
        click.echo(checked.record.of_file)
    for check in report.checks:
        click.echo(f"  {OUTCOMES[check.passed]}　{check.name.zh}：{check.meaning}")
    if report.facts:
        facts = report.facts
        click.echo(f"申请编号 {facts.request_number}，领取人 {facts.recipient}，档号 {facts.archival_code}")
        click.echo(f"共 {facts.items} 件 {facts.pages} 页，出具单位 {facts.bureau}，时间戳时间 {facts.stamped_at}")
