"""Commands on what is kept: import, seal, verify, audit, doctor."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive_store.case_folder import DESCRIPTION, WORKBOOK
from archive_store.forms.workbook import empty_workbook
from archive_store.identity import service_actor
from archive_store.regulation.catalogue import load_catalogue
from portal.cli.context import GOOD, REFUSED, as_option, commanded, installation, json_option, report

if TYPE_CHECKING:
    from collections.abc import Callable

    from archive_store.case_folder import FolderFinding

UNNAMED = "没有列入目录，未收入。"
LISTING_SECONDS = 20
RESULTS = {"made": "已收入", "present": "此前已收入", "refused": "未收入"}


@click.command("import")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--template",
    type=click.Path(dir_okay=False, path_type=Path),
    help="不收入，只写一份空白的案卷目录（.xlsx）到这个文件",
)
@json_option
@click.pass_obj
def import_(data: Path, folder: Path | None, template: Path | None, *, as_json: bool) -> int:
    """把文件夹中的案卷收入为草稿；重复运行会接着做。"""
    if (folder is None) == (template is None):
        raise click.UsageError("请给出要收入的文件夹，或用 --template 给出空白目录的文件名。")
    if template is not None:
        return _write_template(data, template)
    findings: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    made = present = 0
    with installation(data) as opened:
        for outcome in opened.services.intake.import_folder(service_actor("import"), folder or Path()):
            made += outcome.result == "made"
            present += outcome.result == "present"
            findings += [_said(outcome.folder.name, found, as_json=as_json) for found in outcome.findings]
            notes += [{"folder": outcome.folder.name, "file": name, "message": UNNAMED} for name in outcome.unnamed]
            if not as_json:
                click.echo(f"{outcome.folder.name}：{RESULTS[outcome.result]}")
                for name in outcome.unnamed:
                    click.echo(f"  注意：{name} {UNNAMED}")
    if not made + present and not findings:
        name = folder.name if folder else ""
        findings.append({"folder": name, "message": f"没有找到含 {DESCRIPTION} 或 {WORKBOOK} 的案卷文件夹"})
    good = f"收入 {made} 卷，此前已有 {present} 卷。"
    if findings and not as_json:
        click.echo(good)
    return report(findings, as_json=as_json, good=good, made=made, present=present, notes=notes)


def _said(folder: str, found: FolderFinding, *, as_json: bool) -> dict[str, Any]:
    """A finding with its folder: in words for people, in parts for machines."""
    if not as_json:
        return {"folder": folder, "message": str(found)}
    return {"folder": folder, **asdict(found)}


def _write_template(data: Path, target: Path) -> int:
    """Write the empty workbook; a file that is there stays."""
    if (data / "keys").is_dir():
        with installation(data) as opened:
            content = opened.services.intake.empty_workbook(service_actor("import"))
    else:
        content = empty_workbook(load_catalogue())
    try:
        with target.open("xb") as file:
            file.write(content)
    except FileExistsError as error:
        raise click.UsageError(f"{target} 已经存在，没有改动。请换一个文件名。") from error
    click.echo(f"空白的案卷目录已写入 {target}。填好后改名为 {WORKBOOK}，放进案卷文件夹。")
    return GOOD


@click.command()
@click.argument("code")
@as_option
@click.pass_obj
def seal(data: Path, code: str, login: str) -> int:
    """封存一卷已接收的案卷（档号）。"""
    with commanded(data, login) as (opened, actor):
        opened.services.sealing.seal_by_code(actor, code)
        click.echo(f"{code} 已封存。")
    return GOOD


@click.command()
@json_option
@click.pass_obj
def verify(data: Path, *, as_json: bool) -> int:
    """核验存储根的每个文件、数据库与对象是否一致、审计日志。"""
    with installation(data) as opened:
        findings = [{"place": f.place, "message": f.message} for f in opened.services.fixity.verify_everything()]
    return report(findings, as_json=as_json, good="核验通过：存储、数据库与审计日志一致，未发现改动。")


@click.group()
def audit() -> None:
    """审计日志。"""


@audit.command("verify")
@json_option
@click.pass_obj
def audit_verify(data: Path, *, as_json: bool) -> int:
    """核验审计日志未被改动。"""
    with installation(data) as opened:
        findings = [{"place": f.place, "message": f.message} for f in opened.services.audit.verify()]
    return report(findings, as_json=as_json, good="审计日志完整，未发现改动。")


def knows_turns() -> bool:
    """Whether tesseract is there with its data of orientation (osd)."""
    try:
        listed = subprocess.run(
            ["tesseract", "--list-langs"],  # noqa: S607 - from the path, as in the parser
            capture_output=True,
            text=True,
            timeout=LISTING_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "osd" in listed.stdout.split()


OPTIONAL: tuple[tuple[str, str, Callable[[], bool]], ...] = (
    ("bubblewrap", "解析进程的隔离更强", lambda: shutil.which("bwrap") is not None),
    ("tesseract-ocr tesseract-ocr-osd", "识别文字前判断页面方向，缺少时横放、倒放的页识别不准", knows_turns),
)


@click.command()
@json_option
@click.pass_obj
def doctor(data: Path, *, as_json: bool) -> int:
    """检查安装是否齐全；只缺可选部件时仍为正常。"""
    notes = [
        f"未安装 {package}（可选：{use}）。安装命令：apt-get install {package}"
        for package, use, present in OPTIONAL
        if not present()
    ]
    problems: list[dict[str, Any]] = []
    if (data / "keys").is_dir():
        with installation(data) as opened:
            notes.append(f"解析进程隔离方式：{opened.pools.readers.isolation}")
            problems += [{"message": message} for message in opened.problems()]
    else:
        problems.append({"message": f"{data} 中没有档案库，请运行 anjuan init 或 anjuan demo"})
    if not as_json:
        for note in notes:
            click.echo(note)
    code = report(problems, as_json=as_json, good="安装齐全。", notes=notes)
    return REFUSED if code else GOOD
