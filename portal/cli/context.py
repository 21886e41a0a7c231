"""What commands share: exit codes, opening an installation, the person who gives a deciding command, reports."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from archive_store.errors import InvalidInputError, NotFoundError
from portal.config import load_settings
from portal.wiring import Installation, prepare_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from archive_store.identity import Actor
    from portal.config import Settings

GOOD, REFUSED, WRONG_USE = 0, 1, 2

json_option = click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
as_option = click.option("--as", "login", required=True, help="发出命令的人（其口令牌由标准输入读取）")


def prepared(data: Path) -> Settings:
    """The settings of an existing data folder, brought to the present schema."""
    if not (data / "keys").is_dir():
        raise click.UsageError(f"{data} 中没有档案库。请先运行 anjuan init 或 anjuan demo。")
    settings = load_settings(data)
    prepare_folder(settings)
    return settings


@contextmanager
def installation(data: Path) -> Iterator[Installation]:
    """An existing installation, with its parser processes closed at the end."""
    with Installation(prepared(data)) as opened:
        yield opened


@contextmanager
def commanded(data: Path, login: str) -> Iterator[tuple[Installation, Actor]]:
    """An installation and the one who commands; an answer as for what does not exist is an event."""
    with installation(data) as opened:
        actor = _person(opened, login)
        try:
            yield opened, actor
        except NotFoundError:
            opened.services.audit.note_denial(actor, f"command {click.get_current_context().info_name}", "")
            raise


def _person(opened: Installation, login: str) -> Actor:
    """The one who commands, by name and by the token on standard input."""
    token = sys.stdin.readline().strip()
    if not token:
        raise InvalidInputError("请从标准输入提供本人的口令牌。")
    return opened.services.accounts.by_command_token(login, token)


def report(findings: Sequence[dict[str, Any]], *, as_json: bool, good: str, **more: Any) -> int:  # noqa: ANN401 - JSON
    """Print findings for people or machines; the exit code follows from them."""
    if as_json:
        click.echo(json.dumps({"good": not findings, "findings": [*findings], **more}, ensure_ascii=False, default=str))
    else:
        for finding in findings:
            click.echo("：".join(str(value) for value in finding.values() if value not in ("", None)))
        if not findings:
            click.echo(good)
    return REFUSED if findings else GOOD
