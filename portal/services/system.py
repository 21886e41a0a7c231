"""How the installation stands, for the system administrator and `anjuan doctor`: figures and faults, no content."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from archive_store.errors import NotFoundError
from archive_store.models.work import Work
from archive_store.permissions import Permission
from archive_store.policy import may
from archive_store.work import (
    BUILD_INDEX,
    INDEX_CASE,
    MAKE_COPY,
    MAKE_RELEASE,
    PREPARE_PLAYING,
    RECOGNISE_TEXT,
    WORKER,
    is_held,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from archive_store.identity import Actor
    from portal.services.desk import Desk

LEAST_FREE_BYTES = 2**30
KINDS = {
    INDEX_CASE: "建立检索",
    BUILD_INDEX: "重建检索",
    MAKE_RELEASE: "制作遮盖页面",
    MAKE_COPY: "制作签名复制件",
    PREPARE_PLAYING: "准备音像播放",
    RECOGNISE_TEXT: "识别文字",
}
NO_WORKER = "后台任务没有运行：新封存的案卷检索不到，复制件不能制成。请重新启动服务（anjuan serve 或 anjuan worker）。"


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One kind of noted work that is not done: how much waits, how much of it failed before, since when."""

    kind: str
    waiting: int
    failing: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class SystemState:
    """What the system administrator sees."""

    problems: list[str]
    worker_runs: bool
    work: list[WorkRow]
    figures: list[tuple[str, str]]


class SystemService:
    """Faults, worker and figures."""

    def __init__(self, desk: Desk, data: Path, figures: Callable[[], list[tuple[str, str]]]) -> None:
        self._desk = desk
        self._data = data
        self._figures = figures

    def faults(self) -> list[str]:
        """What keeps the installation from working, worker aside; each with the way out."""
        found = []
        free = shutil.disk_usage(self._data).free
        if free < LEAST_FREE_BYTES:
            found.append(f"磁盘剩余空间不足（{free // 2**20} MB），请清理后再收入文件。")
        if (self._data / "keys").stat().st_mode & 0o077:
            found.append("密钥文件夹对其他用户可读，请改为仅属主可读（chmod 700）。")
        return found

    def state(self, actor: Actor) -> SystemState:
        """The installation as it stands."""
        _watches(actor)
        with self._desk.database.read() as session:
            runs = is_held(session, WORKER)
            rows = session.execute(
                select(Work.kind, func.count(), func.count().filter(Work.attempts > 0), func.min(Work.noted_at))
                .where(Work.done_at.is_(None))
                .group_by(Work.kind)
                .order_by(Work.kind)
            ).all()
        work = [WorkRow(KINDS.get(kind, kind), waiting, failing, oldest) for kind, waiting, failing, oldest in rows]
        return SystemState(self._problems(runs, work), runs, work, self._figures())

    def problems(self, actor: Actor) -> list[str]:
        """What is wrong now, for the first page."""
        return self.state(actor).problems

    def _problems(self, runs: bool, work: list[WorkRow]) -> list[str]:  # noqa: FBT001 - read from the lease
        failing = [
            f"{row.kind}有 {row.failing} 项未成功，将自动重试，原因见服务器日志。" for row in work if row.failing
        ]
        return [*self.faults(), *([] if runs else [NO_WORKER]), *failing]


def _watches(actor: Actor) -> None:
    if not may(actor, Permission.WATCH_SYSTEM):
        raise NotFoundError
