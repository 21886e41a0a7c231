"""The program that turns speech into words, where an installation names one: none comes with us.

It is given a WAV file (`archive_store.parsing.sound`) and prints a transcript, WebVTT or SubRip, which is then read
like any that was handed in. It runs without network; with bubblewrap it sees the machine's files read-only, and of
the data folder nothing but the sound.
"""

from __future__ import annotations

import logging
import shlex
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING

from archive_store.errors import InvalidInputError, UnavailableError
from archive_store.parsing.sandbox import Isolation, choose

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

log = logging.getLogger(__name__)
SOUND, MODEL = "{sound}", "{model}"
LEAST_SECONDS, SECONDS_EACH = 300, 20
"""Time for one recording: so much at least, and so many seconds for each of its own."""
MOST_BYTES = 8 * 2**20
OWN = "/dev/shm"  # noqa: S108 - a new one, lost at its end
"""Where the program may write."""
MACHINE = ("/proc/cpuinfo", "/proc/meminfo")
"""What programs ask of the machine that they run on."""
FAILED = "语音识别程序没有完成，没有识别出其中的话。原件完好。"
TOO_SLOW = "语音识别用时过长，已中止，没有识别出其中的话。原件完好。"


class SpeechFailedError(Exception):
    """The program gave no transcript of this sound; `message` is for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class SpeechProgram:
    """One program with its model, and at most one run of it at a time.

    Args:
        line: the program and its words as in a shell, none of whose signs mean anything else: `{sound}` stands for the
            WAV file, `{model}` for the model.
        model: file or folder of the model.
        hidden: the data folder, which the program does not see.

    Raises:
        InvalidInputError: the program or the model is not there, or the line names no sound.
    """

    def __init__(self, line: str, model: Path | None, hidden: Path) -> None:
        try:
            words = shlex.split(line)
        except ValueError as error:
            raise InvalidInputError("语音识别程序的命令行（speech_program）引号没有配对。") from error
        program = shutil.which(words[0]) if words else None
        if program is None:
            raise InvalidInputError(f"找不到语音识别程序“{words[0] if words else ''}”（speech_program）。")
        if not any(SOUND in word for word in words):
            raise InvalidInputError(f"语音识别程序的命令行（speech_program）须写明 {SOUND}。")
        if any(MODEL in word for word in words) and (model is None or not model.exists()):
            raise InvalidInputError(f"语音识别模型（speech_model）“{model or ''}”不存在。")
        self._words, self._model, self._hidden = [program, *words[1:]], model, hidden
        self._running: subprocess.Popen[bytes] | None = None
        self._lock, self._closed = threading.Lock(), False

    def transcribe(self, sound: Path, seconds: float) -> bytes:
        """What the program prints for a sound of so many seconds.

        Raises:
            SpeechFailedError: it failed, took too long, or printed too much.
            UnavailableError: the installation is closing.
        """
        with self._lock:
            if self._closed:
                raise UnavailableError(FAILED)
            running = self._running = subprocess.Popen(  # noqa: S603 - the program that the installation names
                self._command(sound),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": OWN, "TMPDIR": OWN},
                start_new_session=True,
            )
        late = threading.Timer(max(LEAST_SECONDS, SECONDS_EACH * seconds), running.kill)
        late.start()
        try:
            return self._told(running, late)
        finally:
            late.cancel()
            running.kill()
            running.wait()

    def close(self) -> None:
        """End the run in hand, now and for good."""
        with self._lock:
            self._closed = True
            if self._running is not None:
                self._running.kill()

    def _told(self, running: subprocess.Popen[bytes], late: threading.Timer) -> bytes:
        if running.stdout is None:
            raise SpeechFailedError(FAILED)
        with running.stdout as printed:
            told = printed.read(MOST_BYTES + 1)
        if len(told) > MOST_BYTES:
            raise SpeechFailedError(FAILED)
        code = running.wait()
        if self._closed:
            raise UnavailableError(FAILED)
        if code:
            log.warning("the program for speech ended with %d", code)
            raise SpeechFailedError(FAILED if late.is_alive() else TOO_SLOW)
        return told

    def _command(self, sound: Path) -> list[str]:
        model = str(self._model or "")
        words = [word.replace(SOUND, str(sound)).replace(MODEL, model) for word in self._words]
        if choose(None).isolation is not Isolation.BUBBLEWRAP:
            return words
        return [*self._isolation(sound), *words]

    def _isolation(self, sound: Path) -> Sequence[str]:
        shut = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        seen = ["--ro-bind", "/", "/", "--dev", "/dev", "--tmpfs", OWN, "--tmpfs", "/proc"]  # no memory of others
        seen += [word for name in MACHINE for word in ("--ro-bind-try", name, name)]
        only = ["--tmpfs", str(self._hidden), "--ro-bind", str(sound), str(sound), "--chdir", "/", "--"]
        return [shutil.which("bwrap") or "bwrap", *shut, *seen, *only]
