"""Seals on word, so that a debugger can come between: `python -m tests.portal.seal_once CASE`.

For each line on standard input, a data folder, a child is forked that opens it, prints `ready PID`, and waits for
SIGUSR1; then it seals the case. `ended CODE` follows: 0 sealed, 3 storage or database trouble.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from archive_store.errors import UnavailableError
from tests.portal.conftest import open_installation
from tests.portal.whole_way import actor_of

SEALED, TROUBLE, FAULT = 0, 3, 1


def seal(data: Path, case_id: str) -> int:
    """Open, wait for the word, seal."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    with open_installation(data) as opened:
        archivist = actor_of(opened, "archivist")
        os.write(1, f"ready {os.getpid()}\n".encode())
        signal.sigwait({signal.SIGUSR1})
        try:
            opened.services.sealing.seal(archivist, case_id)
        except UnavailableError:
            return TROUBLE
        return SEALED


def main() -> None:
    """Fork a child for each line; it ends without tidying up, since writing may have been made to fail."""
    for line in sys.stdin:
        if (child := os.fork()) == 0:
            code = FAULT
            try:
                code = seal(Path(line.strip()), sys.argv[1])
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        os.write(1, f"ended {os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    main()
