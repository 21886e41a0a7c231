"""Commands on the index: which engine holds it, and making it anew beside the one in use."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

import click

from archive_store.errors import UnavailableError
from portal.cli.context import GOOD, installation, json_option
from portal.services.index_building import ENGINES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from portal.wiring import Installation

LOOK_SECONDS = 1.0


@click.group()
def index() -> None:
    """检索索引。"""


@index.command()
@click.option("--to", "engine", type=click.Choice(list(ENGINES)), help="改用的引擎；不给则只显示现用的引擎")
@json_option
@click.pass_obj
def engine(data: Path, engine: str | None, *, as_json: bool) -> int:
    """显示或更换检索引擎；更换期间检索照常，建成后一次切换。"""
    with installation(data) as opened:
        if engine is None or engine == opened.index.engine:
            return _said(opened, as_json=as_json)
        return _built(opened, engine, as_json=as_json)


@index.command()
@json_option
@click.pass_obj
def rebuild(data: Path, *, as_json: bool) -> int:
    """在现用索引旁重新建立全部索引，建成后一次切换。"""
    with installation(data) as opened:
        return _built(opened, opened.index.engine, as_json=as_json)


def _built(opened: Installation, engine: str, *, as_json: bool) -> int:
    """Have the build made by the worker that runs, or make it here where none does; wait for it."""
    building = opened.building
    by_worker = building.has_worker()
    building.ask(engine, noted=by_worker)
    with _progress(opened, quiet=as_json):
        while not by_worker and building.carry_on(engine):
            pass
        while building.is_waiting(engine) and not building.trouble(engine):
            time.sleep(LOOK_SECONDS)
    if building.is_waiting(engine):
        raise UnavailableError(f"索引还没有建成：{building.trouble(engine)}现用的检索不受影响，后台任务会继续。")
    return _said(opened, as_json=as_json)


@contextmanager
def _progress(opened: Installation, *, quiet: bool) -> Iterator[None]:
    """Tell how far the build is while the block runs."""
    over = Event()

    def tell() -> None:
        told = None
        while not over.wait(LOOK_SECONDS):
            now = opened.building.progress()
            if now is not None and now != told:
                click.echo(f"正在建立检索（{ENGINES[now.engine]}）：{now.done} / {now.total} 卷")
                told = now

    teller = Thread(target=tell, daemon=True)
    if not quiet:
        teller.start()
    try:
        yield
    finally:
        over.set()
        if not quiet:
            teller.join()


def _said(opened: Installation, *, as_json: bool) -> int:
    name = opened.index.engine
    cases = len(opened.index.case_ids())
    if as_json:
        click.echo(json.dumps({"good": True, "engine": name, "cases": cases, "configured": opened.index.names()}))
    else:
        click.echo(f"检索引擎：{ENGINES[name]}，{cases} 卷可检索。")
    return GOOD
