"""`anjuan account ...`: what the three administrators do from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from portal.cli.context import as_option, commanded, installation
from portal.services.accounts import NewAccount
from portal.services.rights import NewAsk

if TYPE_CHECKING:
    from datetime import datetime
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
    with commanded(data, login) as (opened, actor):
        _, code = opened.services.accounts.create(actor, NewAccount(new_login, name))
        click.echo(code)


@account.command()
@as_option
@click.argument("to")
@click.option("--right", "rights", multiple=True, required=True, help="权限代码，如 role:handler、clearance:2")
@click.option("--department", "departments", multiple=True, help="权限代码 membership: 等所指的部门名称")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="截止日期")
@click.option("--ground", required=True, help="申请依据")
@click.pass_obj
def ask(
    data: Path,
    login: str,
    to: str,
    rights: tuple[str, ...],
    departments: tuple[str, ...],
    until: datetime | None,
    ground: str,
) -> None:
    """为本部门人员申请权限（部门主管领导）；由安全保密管理员授予。"""
    with commanded(data, login) as (opened, actor):
        known = {department.name: department.id for department in opened.services.cases.departments()}
        missing = [name for name in departments if name not in known]
        if missing:
            raise click.UsageError(f"没有这些部门：{'、'.join(missing)}")
        codes = [*(code for code in rights if not code.endswith(":"))]
        codes += [f"{code}{known[name]}" for code in rights if code.endswith(":") for name in departments]
        for code in codes:
            new = NewAsk(to, code, ground, valid_to=until.date() if until else None)
            click.echo(opened.services.rights.ask(actor, new))


@account.command()
@as_option
@click.pass_obj
def asks(data: Path, login: str) -> None:
    """列出等待授权的申请（安全保密管理员）。"""
    with commanded(data, login) as (opened, actor):
        for row in opened.services.rights_lists.waiting(actor):
            click.echo(f"{row.ask.id}\t{row.name}（{row.login}）\t{row.right}\t{row.asked_by}\t{row.ask.ground}")


@account.command()
@as_option
@click.argument("ask_id")
@click.option("--grant/--refuse", "granted", required=True, help="授予，或不予授予")
@click.option("--ground", required=True, help="依据")
@click.pass_obj
def decide(data: Path, login: str, ask_id: str, *, granted: bool, ground: str) -> None:
    """授予或不予授予所申请的权限（安全保密管理员）。"""
    with commanded(data, login) as (opened, actor):
        opened.services.rights.decide(actor, ask_id, granted=granted, ground=ground)
        click.echo("已授予。" if granted else "已记录不予授予。")


@account.command()
@click.argument("code")
@click.option("--password", prompt="新密码", hide_input=True, confirmation_prompt="再输一次")
@click.pass_obj
def enrol(data: Path, code: str, password: str) -> None:
    """用一次性启用码设置首个密码，并取得本人的口令牌。"""
    with installation(data) as opened:
        accounts = opened.services.accounts
        login = accounts.enrol(code, password)
        actor = accounts.actor(accounts.log_in(login, password).account_id)
        if actor is not None:
            click.echo(f"{login} 已启用。口令牌（只显示这一次）：{accounts.issue_command_token(actor)}")


@account.command()
@click.argument("login")
@click.option("--password", prompt="密码", hide_input=True)
@click.option("--code", default="", help="动态验证码或备用码，已开启的必填")
@click.pass_obj
def token(data: Path, login: str, password: str, code: str) -> None:
    """换发本人的口令牌；旧口令牌随即失效。"""
    with installation(data) as opened:
        accounts = opened.services.accounts
        actor = accounts.actor(accounts.log_in(login, password, code).account_id)
        if actor is not None:
            click.echo(accounts.issue_command_token(actor))
