"""Commands that run an installation: serve, worker, init, demo."""

from __future__ import annotations

import gc
import json
import socket
import subprocess
import sys
from logging.config import dictConfig
from pathlib import Path  # noqa: TC003 - click asks for it
from typing import TYPE_CHECKING, Any

import click
from gunicorn.app.base import BaseApplication

from archive_store.identity import Role
from portal import logs
from portal.application import create_app
from portal.cli.context import installation, prepared
from portal.cli.demonstration import ACCOUNTS_FILE, fill
from portal.config import Profile, load_settings, write_profile
from portal.services.accounts import NewAccount
from portal.wiring import Installation, form_key, prepare_folder
from portal.worker import Worker

if TYPE_CHECKING:
    from flask import Flask

LOOPBACK = ("localhost", "127.0.0.1", "::1")
FIRST_PEOPLE = (
    NewAccount("sysadmin", "系统管理员", frozenset({Role.SYSTEM_ADMINISTRATOR})),
    NewAccount("secadmin", "安全保密管理员", frozenset({Role.SECURITY_ADMINISTRATOR})),
    NewAccount("auditor", "安全审计员", frozenset({Role.SECURITY_AUDITOR})),
)


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn with processes of many threads; the application is built in each of them."""

    def __init__(self, data: Path, options: dict[str, Any], *, secure: bool, behind_proxy: bool) -> None:
        self._data, self._options = data, options
        self._secure, self._behind_proxy = secure, behind_proxy
        super().__init__()

    def load_config(self) -> None:
        """Hand our options to gunicorn."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Build the application."""
        settings = load_settings(self._data)
        own = max(1, settings.processes // settings.serving_processes)
        opened = Installation(settings.model_copy(update={"render_processes": own}))
        made = create_app(
            opened.settings,
            opened.services,
            opened.database,
            form_key(opened.settings),
            secure=self._secure,
            behind_proxy=self._behind_proxy,
        )
        gc.collect()
        gc.freeze()  # tables and code stay until the end: looking through them again takes a tenth of a second
        return made


@click.command()
@click.option("--host", default="localhost", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--tls-cert", type=click.Path(exists=True, dir_okay=False))
@click.option("--tls-key", type=click.Path(exists=True, dir_okay=False))
@click.option("--behind-proxy", is_flag=True, help="由前置代理提供 TLS")
@click.pass_obj
def serve(data: Path, host: str, port: int, tls_cert: str | None, tls_key: str | None, *, behind_proxy: bool) -> None:
    """运行门户、后台任务和解析进程。"""
    if bool(tls_cert) != bool(tls_key):
        raise click.UsageError("--tls-cert 与 --tls-key 须同时给出。")
    if host not in LOOPBACK and not (tls_cert or behind_proxy):
        raise click.UsageError("对外提供服务须使用 TLS：请给出 --tls-cert 和 --tls-key，或 --behind-proxy。")
    _refuse_busy_port(host, port)
    settings = prepared(data)
    secure = bool(tls_cert) or behind_proxy
    address = f"{'https' if secure else 'http'}://{host}:{port}"
    options = {
        "bind": f"{'127.0.0.1' if host == 'localhost' else host}:{port}",
        "workers": settings.serving_processes,
        "worker_class": "gthread",
        "threads": settings.web_threads,
        "timeout": 120,
        "graceful_timeout": 10,
        "loglevel": settings.log_level,
        "logconfig_dict": logs.configuration(settings.log_level),
        "when_ready": lambda server: _announce(data, address, server),
        "forwarded_allow_ips": "127.0.0.1",
    }
    if tls_cert:
        options |= {"certfile": tls_cert, "keyfile": tls_key}
    background = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "portal.cli", "--data", str(data), "worker", "--until-stdin-closes"],
        stdin=subprocess.PIPE,
    )
    try:
        Server(data, options, secure=secure, behind_proxy=behind_proxy).run()
    finally:
        if background.stdin:
            background.stdin.close()
        background.wait(timeout=30)


@click.command()
@click.option("--until-stdin-closes", is_flag=True, hidden=True)
@click.option("--once", is_flag=True, help="做完已有任务即结束")
@click.pass_obj
def worker(data: Path, *, until_stdin_closes: bool, once: bool) -> None:
    """执行后台任务：排定审计日志、建立索引、清理。"""
    with installation(data) as opened:
        dictConfig(logs.configuration(opened.settings.log_level))
        running = Worker(opened)
        if once:
            running.run_until_idle()
        else:
            running.run(sys.stdin if until_stdin_closes else None)


@click.command()
@click.option("--bureau", default="", help="单位名称")
@click.pass_obj
def init(data: Path, bureau: str) -> None:
    """建立空的档案库，输出三员的一次性启用码；已有账号时拒绝。"""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if bureau:
        write_profile(data, {"bureau": bureau})
    settings = load_settings(data)
    prepare_folder(settings)
    with Installation(settings) as opened:
        codes = opened.services.accounts.set_up(FIRST_PEOPLE)
    click.echo("档案库已建立。请把下列一次性启用码分别交给三位管理员本人：")
    for login, code in codes.items():
        click.echo(f"  {login}\t{code}")


@click.command()
@click.pass_obj
def demo(data: Path) -> None:
    """建立演示档案库：虚构的单位、人员和案卷；重复运行保留已有内容。"""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_profile(data, {"profile": Profile.DEMONSTRATION, "bureau": "石门市演示水务局", "fonds": "9905"})
    settings = load_settings(data)
    if not settings.is_demonstration:
        raise click.UsageError("该数据文件夹不是演示档案库，不能写入演示内容。")
    prepare_folder(settings)
    with Installation(settings) as opened:
        fill(opened, click.echo)


def _announce(data: Path, address: str, server: object) -> None:
    del server
    click.echo(f"\n案卷已就绪：{address}")
    accounts = data / ACCOUNTS_FILE
    if accounts.exists():
        click.echo("演示账号（均为虚构）：")
        for entry in json.loads(accounts.read_text(encoding="utf-8")):
            click.echo(f"  {entry['name']}\t{entry['password']}\t{entry['role']}")


def _refuse_busy_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.UsageError(f"{host}:{port} 不能使用（{error.strerror}）。请用 --port 换一个端口。") from error
