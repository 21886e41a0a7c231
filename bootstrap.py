#!/usr/bin/env python3
"""Set up and run anjuan (案卷), with nothing but Python's standard library and git's checkout.

    python3 bootstrap.py                     set up, make the demonstration archive, serve the portal
    python3 bootstrap.py --no-demo           the same with an empty archive
    python3 bootstrap.py test [pytest ...]   set up what is missing and run all checks and tests (--full: at full size)

Annotations are quoted where old Pythons do not know them: they shall read this file and say that they are too old.
"""

import argparse
import hashlib
import importlib.util
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOWEST, HIGHEST = (3, 11), (3, 13)
WRONG_USE = 2
LOOPBACK = ("localhost", "127.0.0.1", "::1")
TRIED_PORTS = 50

# Debian packages for tests, each with the program or file that shows that it is there
SYSTEM_PACKAGES = """
bubblewrap=bwrap chromium=chromium poppler-utils=pdfsig qpdf=qpdf libimage-exiftool-perl=exiftool zbar-tools=zbarimg
nginx-light=/usr/sbin/nginx espeak-ng=espeak-ng
strace=strace openssl=openssl libnss3-tools=certutil maven=mvn default-jdk-headless=javac tesseract-ocr=tesseract
tesseract-ocr-osd=/usr/share/tesseract-ocr/5/tessdata/osd.traineddata
fonts-noto-cjk=/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc
"""


class StopError(Exception):
    """A reason to stop, with the way out, for the person at the terminal."""


def say(chinese: str, english: str) -> None:
    """Tell in both languages, at once."""
    print(f"[案卷] {chinese}\n       {english}", flush=True)


def check_machine(version: "tuple[int, ...]", system: str) -> None:
    """Stop where this cannot work, with the way out."""
    if system != "Linux":
        raise StopError(
            f"目前只在 Linux 上验证过，{system} 尚不支持。请使用 Linux（如 Debian 12）。\n"
            f"Only Linux is supported so far, not {system}. Use Linux, for example Debian 12."
        )
    if not LOWEST <= tuple(version[:2]) <= HIGHEST:
        names = ("python3.13", "python3.12", "python3.11")
        found = next((name for name in names if subprocess.getstatusoutput(f"{name} -c ''")[0] == 0), None)  # noqa: S605 - fixed names
        way_out = f"{found} bootstrap.py" if found else "apt-get install python3.11"
        raise StopError(
            f"需要 Python 3.11 至 3.13，当前为 {version[0]}.{version[1]}。请运行：{way_out}\n"
            f"Python 3.11 to 3.13 is needed, this is {version[0]}.{version[1]}. Run: {way_out}"
        )


def works(command: "list[str]") -> bool:
    """Whether a command ends well."""
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def ensure_venv() -> None:
    """Make our own virtual environment, or make it anew where it was moved or its Python is gone."""
    mark = VENV / "anjuan-place"
    place = f"{ROOT} {sys.version_info[0]}.{sys.version_info[1]}"
    same = not mark.exists() or mark.read_text(encoding="utf-8") == place
    if PYTHON.exists() and same and works([str(PYTHON), "-c", "import pip"]):
        return
    # Debian keeps ensurepip in a package of its own
    if importlib.util.find_spec("ensurepip") is None and not (may_install() and apt_install(["python3-venv"])):
        raise StopError(
            "缺少 Python 的 venv 模块。请运行：sudo apt-get install python3-venv\n"
            "Python's venv module is missing. Run: sudo apt-get install python3-venv"
        )
    say("建立虚拟环境 .venv …", "making the virtual environment .venv ...")
    if not works([sys.executable, "-m", "venv", "--clear", str(VENV)]):
        raise StopError("虚拟环境建立失败，原因见上。\nThe virtual environment could not be made, see above.")
    mark.write_text(place, encoding="utf-8")


def may_install() -> bool:
    """Whether system packages can be installed: root on Debian or what descends from it."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(packages: "list[str]") -> bool:
    """Install system packages in one go; true where it worked."""
    say(f"安装系统软件包：{' '.join(packages)} …", "installing these system packages ...")
    apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    return works([*apt, "update"]) and works([*apt, "install", "-y", "--no-install-recommends", *packages])


def install_system_packages() -> None:
    """Install what tests need beside pip's packages, where that may be done; tests that lack it say so themselves."""
    pairs = [pair.split("=") for pair in SYSTEM_PACKAGES.split()]
    missing = [package for package, sign in pairs if not (shutil.which(sign) or Path(sign).exists())]
    if missing and not (may_install() and apt_install(missing)):
        names = " ".join(missing)
        say(f"缺少软件包，相关测试将跳过：apt-get install {names}", "their tests will be skipped, or fail in CI")


def install_semgrep() -> None:
    """Install semgrep apart, for it wants other versions of what it shares with the project."""
    lock, place = ROOT / "requirements-semgrep.lock", VENV / "semgrep"
    stamp, wanted = place / "anjuan.sha256", hashlib.sha256(lock.read_bytes()).hexdigest()
    if not (stamp.exists() and stamp.read_text(encoding="utf-8") == wanted):
        say("安装 semgrep …", "installing semgrep ...")
        if works([str(PYTHON), "-m", "venv", "--clear", str(place)]):
            pip("--require-hashes", "-r", str(lock), total=70, python=place / "bin" / "python")
            stamp.write_text(wanted, encoding="utf-8")


def install(lock: Path) -> None:
    """Install the locked packages and the project itself, unless exactly these are there already."""
    stamp = VENV / f"anjuan-{lock.stem}.sha256"
    wanted = hashlib.sha256(lock.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted and (VENV / "bin" / "anjuan").exists():
        return
    say(f"按 {lock.name} 安装依赖（校验哈希值）…", f"installing what {lock.name} names, with hashes ...")
    pip("--require-hashes", "-r", str(lock), total=lock.read_text(encoding="utf-8").count("==") or 1)
    pip("--no-deps", "--no-build-isolation", "-e", str(ROOT), total=1)  # setuptools is in the lock
    stamp.write_text(wanted, encoding="utf-8")


def pip(*arguments: str, total: int, python: Path = PYTHON) -> None:
    """Run pip install and show how far it is; its full words only where it fails."""
    command = [str(python), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", *arguments]
    lines, count = [], 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            lines.append(line)
            if line.startswith(("Collecting ", "Requirement already satisfied", "Obtaining ")):
                count += 1
                if sys.stdout.isatty() or count % 20 == 0:
                    end = "\r" if sys.stdout.isatty() else "\n"
                    print(f"       {count}/{total} {' '.join(line.split()[:2]):60.60}", end=end, flush=True)
    if process.returncode:
        print("".join(lines[-30:]))
        raise StopError("依赖安装失败，原因见上。检查网络后重新运行即可。\npip failed, see above; run this again.")


def check_port(host: str, port: int) -> None:
    """Stop before the long work where the port is taken, naming one that is free."""
    if not is_free(host, port):
        free = next((p for p in range(port + 1, min(port + TRIED_PORTS, 65536)) if is_free(host, p)), None)
        way_out = f"python3 bootstrap.py --port {free or 'N'}"
        raise StopError(f"端口 {port} 已被占用。请运行：{way_out}\nPort {port} is in use. Run: {way_out}")


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there."""
    name = "127.0.0.1" if host == "localhost" else host
    with socket.socket(socket.AF_INET6 if ":" in name else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((name, port))
        except OSError:
            return False
    return True


def run_portal(options: argparse.Namespace) -> int:
    """Set up, fill the data folder, and become the server."""
    if not options.setup_only:
        check_port(options.host, options.port)
    ensure_venv()
    install(ROOT / "requirements.lock")
    anjuan = [str(VENV / "bin" / "anjuan"), "--data", str(options.data)]
    stood = options.data.is_dir() and any(options.data.iterdir())
    say(f"准备数据文件夹 {options.data} …", f"preparing the data folder {options.data} ...")
    code = subprocess.run([*anjuan, "init" if options.no_demo else "demo"], check=False).returncode
    if code and not (options.no_demo and stood):  # an archive with accounts refuses `init` and is served as it is
        return code
    if options.setup_only:
        say("准备完成。", "set-up is complete.")
        return 0
    serve = [*anjuan, "serve", "--host", options.host, "--port", str(options.port)]
    serve += ["--tls-cert", options.tls_cert, "--tls-key", options.tls_key] if options.tls_cert else []
    serve += ["--behind-proxy"] if options.behind_proxy else []
    sys.stdout.flush()
    return os.execv(serve[0], serve)  # noqa: S606 - no shell is wanted


def run_tests(arguments: "list[str]") -> int:
    """Set up what is missing, then run every check; pytest comes last."""
    ensure_venv()
    install(ROOT / "requirements-test.lock")
    install_system_packages()
    install_semgrep()
    failed = []
    for tool in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        started, name = time.monotonic(), " ".join(tool)
        good = works([str(VENV / "bin" / tool[0]), *tool[1:]])
        say(
            f"{name}：{'通过' if good else '未通过'}",
            f"{'passed' if good else 'FAILED'}, {time.monotonic() - started:.0f} s",
        )
        failed += [] if good else [name]
    # files stay whole on one of two processes, so that what a file sets up is set up once
    spread = [] if any(argument.startswith(("-n", "--numprocesses")) for argument in arguments) else ["-n", "2"]
    pytest = [str(PYTHON), "-m", "pytest", *spread, "--dist", "loadfile", "--no-loadscope-reorder", *arguments]
    code = subprocess.run(pytest, cwd=ROOT, check=False).returncode
    if failed:
        say(f"未通过：{'、'.join(failed)}", f"FAILED before the tests: {', '.join(failed)}")
    return code or int(bool(failed))


def parse(arguments: "list[str]") -> argparse.Namespace:
    """The options of the first command."""
    parser = argparse.ArgumentParser(
        prog="bootstrap.py",
        description="建立并运行案卷门户 / set up and run the portal.",
        epilog="测试 / tests: bootstrap.py test [--full] [pytest ...]",
    )
    parser.add_argument("--setup-only", action="store_true", help="只准备，不启动服务 / set up, do not serve")
    parser.add_argument("--no-demo", action="store_true", help="建立空的档案库 / an empty archive")
    data = os.environ.get("ANJUAN_DATA") or str(ROOT / "data")
    parser.add_argument("--data", type=Path, default=Path(data), help="数据文件夹 / data folder")
    parser.add_argument("--host", default="localhost", help="监听地址 / address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="端口 / port")
    parser.add_argument("--tls-cert", help="TLS 证书文件 / certificate file")
    parser.add_argument("--tls-key", help="TLS 私钥文件 / key file")
    parser.add_argument("--behind-proxy", action="store_true", help="由前置代理提供 TLS / a proxy in front does TLS")
    options = parser.parse_args(arguments)
    options.data = options.data.expanduser().resolve()
    if not 0 < options.port < 65536:  # noqa: PLR2004 - the range of ports
        parser.error("--port 须在 1 至 65535 之间 / must lie between 1 and 65535")
    if bool(options.tls_cert) != bool(options.tls_key):
        parser.error("--tls-cert 与 --tls-key 须同时给出 / both or neither")
    if options.host not in LOOPBACK and not (options.tls_cert or options.behind_proxy):
        parser.error("对外监听须给出 --tls-cert 和 --tls-key，或 --behind-proxy / beyond loopback TLS is needed")
    return options


def main(arguments: "list[str]") -> int:
    """Run one of the two commands; the exit code says how it went (2: wrong options)."""
    try:
        check_machine(sys.version_info[:3], platform.system())
        if arguments[:1] == ["test"]:
            return run_tests(arguments[1:])
        return run_portal(parse(arguments))
    except StopError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n已中断；重新运行即可继续。 / Interrupted; run again to go on.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
