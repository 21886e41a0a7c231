"""How values are shown: dates, sizes, levels, menus. Templates ask here and decide nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from flask import current_app
from flask_login import current_user

from archive_store.deadlines import CHINA, local_date
from archive_store.identity import Role
from archive_store.permissions import Permission
from archive_store.policy import may
from portal.services.result_list import playing_time

if TYPE_CHECKING:
    from flask import Flask

    from archive_store.identity import Actor

MENUS: dict[Role, tuple[tuple[str, str], ...]] = {
    Role.HANDLER: (
        ("工作台", "home.page"),
        ("我的案卷", "cases.index"),
        ("入库", "intake.index"),
        ("检索", "search.page"),
        ("紧急查阅", "urgent.index"),
    ),
    Role.ARCHIVIST: (
        ("工作台", "home.page"),
        ("检索", "search.page"),
        ("案卷", "cases.index"),
        ("复制申请", "requests.index"),
        ("紧急查阅", "urgent.index"),
    ),
    Role.LEADER: (
        ("待批事项", "home.page"),
        ("检索", "search.page"),
        ("复制申请", "requests.index"),
        ("授权申请", "rights.ask"),
        ("紧急查阅", "urgent.index"),
    ),
    Role.SECRECY_REVIEWER: (("待审事项", "home.page"), ("检索", "search.page")),
    Role.CLASSIFICATION_OFFICER: (("定密与审核", "labels.waiting"),),
    Role.PARTY: (("我的案卷", "home.page"), ("我的申请", "requests.index")),
    Role.LEGAL_OFFICE: (("监督看板", "home.page"), ("抽查案卷", "cases.index")),
    Role.SYSTEM_ADMINISTRATOR: (
        ("工作台", "home.page"),
        ("账号", "people.index"),
        ("部门", "people.departments"),
        ("恢复登录", "recovery.index"),
        ("授权申请", "rights.ask"),
        ("系统状态", "system.state"),
    ),
    Role.SECURITY_ADMINISTRATOR: (
        ("工作台", "home.page"),
        ("待授权", "rights.waiting"),
        ("授权一览", "rights.people"),
        ("紧急查阅", "urgent.index"),
        ("恢复登录", "recovery.index"),
    ),
    Role.SECURITY_AUDITOR: (
        ("工作台", "home.page"),
        ("审计日志", "system.log"),
        ("授权变更", "rights.changes"),
        ("紧急查阅审查", "urgent.reviews"),
        ("恢复登录", "recovery.index"),
    ),
}
KIB = 1024


def install(app: Flask) -> None:
    """Give the templates their filters and what every page shows."""
    app.add_template_filter(chinese_date, "day")
    app.add_template_filter(chinese_moment, "moment")
    app.add_template_filter(size, "size")
    app.add_template_filter(playing_time, "playing_time")
    app.context_processor(_common)


def chinese_date(value: date | datetime | None) -> str:
    """2025年4月8日, in China."""
    if value is None:
        return "—"
    value = local_date(value)
    return f"{value.year}年{value.month}月{value.day}日"


def chinese_moment(value: datetime | None) -> str:
    """2025年4月8日 14:05, in China."""
    if value is None:
        return "—"
    local = value.replace(tzinfo=value.tzinfo or UTC).astimezone(CHINA)
    return f"{chinese_date(local)} {local:%H:%M}"


def size(value: int) -> str:
    """1.4 MB."""
    amount = float(value)
    for unit in ("B", "KB", "MB"):
        if amount < KIB:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= KIB
    return f"{amount:.1f} GB"


def menu(actor: Actor, known: set[str]) -> list[tuple[str, str]]:
    """The entries of the actor's offices that this version has, each once, at most six."""
    entries = [entry for role, rows in MENUS.items() if role in actor.roles for entry in rows if entry[1] in known]
    return [*dict.fromkeys(entries)][:6]


def _common() -> dict[str, Any]:
    actor: Actor | None = current_user.actor if current_user.is_authenticated else None
    settings = current_app.extensions["anjuan.settings"]
    known = set(current_app.view_functions)
    return {
        "actor": actor,
        "menu": menu(actor, known) if actor else [],
        "may_search": bool(actor and may(actor, Permission.SEARCH) and "search.page" in known),
        "has_verify": "verify.page" in known,
        "bureau": settings.bureau,
        "is_demonstration": settings.is_demonstration,
        "answer_days": settings.request_working_days,
        "extension_days": settings.extension_working_days,
        "Permission": Permission,
        "Role": Role,
        "known_pages": known,
    }
