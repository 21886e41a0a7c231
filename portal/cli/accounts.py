"""`anjuan account ...`: what the three administrators do from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archive_store.identity import Role
from archive_store.labels import Level, Mark
from portal.cli.context import as_option, installation, person
from portal.services.accounts import NewAccount

if TYPE_CHECKING:
    from pathlib import Path


@click.group()
def account() -> None:
    """账号与授权。"""


@account.command()
@as_option
@click.argument("new_login")
@click.argument("name")
@click.pass_obj
def create(data: Path, login: str, new_login: str, name: str) -> None:
    """建立账号（系统管理员），输出一次性启用码。"""
    with installation(data) as opened:
        actor = person(opened, login)
        _, code = opened.services.accounts.create(actor, NewAccount(new_login, name))
        click.echo(code)


@account.command()
@as_option
@click.argument("to")
@click.option(
    "--role", "roles", multiple=True, type=click.Choice([role.value for role in Role if role is not Role.SERVICE])
)
@click.option("--mark", "marks", multiple=True, type=click.Choice([mark.value for mark in Mark]))
@click.option("--clearance", type=click.Choice([level.name.lower() for level in Level]))
@click.option("--department", "departments", multiple=True, help="部门名称")
@click.option("--ground", required=True, help="授权依据")
@click.pass_obj
def grant(  # noqa: PLR0913, PLR0917 - one parameter for each option
    data: Path,
    login: str,
    to: str,
    roles: tuple[str, ...],
    marks: tuple[str, ...],
    clearance: str | None,
    departments: tuple[str, ...],
    ground: str,
) -> None:
    """授予角色、密级和标识（安全保密管理员）。"""
    with installation(data) as opened:
        actor = person(opened, login)
        known = {department.name: department.id for department in opened.services.cases.departments()}
        missing = [name for name in departments if name not in known]
        if missing:
            raise click.UsageError(f"没有这些部门：{'、'.join(missing)}")
        new = NewAccount(
            login=to,
            name="",
            roles=frozenset(Role(role) for role in roles),
            departments=frozenset(known[name] for name in departments),
            clearance=Level[clearance.upper()] if clearance else None,
            marks=frozenset(Mark(mark) for mark in marks),
            ground=ground,
        )
        opened.services.accounts.grant(actor, to, new)
        click.echo("已授权。")


@account.command()
@click.argument("code")
@click.option("--password", prompt="新密码", hide_input=True, confirmation_prompt="再输一次")
@click.pass_obj
def enrol(data: Path, code: str, password: str) -> None:
    """用一次性启用码设置首个密码，并取得本人的口令牌。"""
    with installation(data) as opened:
        accounts = opened.services.accounts
        login = accounts.enrol(code, password)
        account_id, _ = accounts.log_in(login, password)
        actor = accounts.actor(account_id)
        if actor is not None:
            click.echo(f"{login} 已启用。口令牌（只显示这一次）：{accounts.issue_command_token(actor)}")


@account.command()
@click.argument("login")
@click.option("--password", prompt="密码", hide_input=True)
@click.pass_obj
def token(data: Path, login: str, password: str) -> None:
    """换发本人的口令牌；旧口令牌随即失效。"""
    with installation(data) as opened:
        accounts = opened.services.accounts
        account_id, _ = accounts.log_in(login, password)
        actor = accounts.actor(account_id)
        if actor is not None:
            click.echo(accounts.issue_command_token(actor))
