from __future__ import annotations

import io
import os
import select
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from archive_store.errors import InvalidInputError, UnavailableError
from archive_store.parsing.documents import Documents
from archive_store.parsing.errors import (
    ParserCrashedError,
    ParserFailedError,
    ParserRefusedError,
    ParserTimedOutError,
    PoolBusyError,
)
from archive_store.parsing.pool import FileSource, Limits, ParserPool
from tests.archive_store.parsing.conftest import INSIDE
from tests.archive_store.parsing.makers import coloured_pdf, page_colour

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proofs import ProofBook

H = "hostile_functions"
SMALL = Limits(memory_bytes=256 * 2**20, output_bytes=8 * 2**20, timeout_seconds=20)


@pytest.fixture(scope="module", params=[None, False], ids=["best", "rlimits"])
def either(request: pytest.FixtureRequest) -> Iterator[ParserPool]:
    """One small process: in the best isolation that this machine has, and without bubblewrap."""
    with ParserPool(1, SMALL, bubblewrap=request.param, code=[INSIDE]) as made:
        yield made


def goes_on(pool: ParserPool) -> bool:
    return pool.run(f"{H}:echo", [b"whole"], word="again").blobs == (b"whole",)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_process_that_dies_fails_its_call_only(either: ParserPool, number: int) -> None:
    with pytest.raises(ParserCrashedError):
        either.run(f"{H}:die", number=number)
    assert goes_on(either)


def test_a_call_that_takes_too_long_is_ended(either: ParserPool) -> None:
    with pytest.raises(ParserTimedOutError):
        either.run(f"{H}:spin", timeout=0.3)
    assert goes_on(either)


def test_processor_time_is_limited_even_where_nobody_waits(either: ParserPool) -> None:
    with pytest.raises(ParserTimedOutError):
        either.run(f"{H}:use_little_time_allowed")
    assert goes_on(either)


@pytest.mark.parametrize("function", ["hog", "hog_beyond_python"])
def test_a_process_that_wants_too_much_memory_is_replaced(either: ParserPool, function: str) -> None:
    with pytest.raises(ParserCrashedError):
        either.run(f"{H}:{function}")
    assert goes_on(either)


def test_limits_cannot_be_lifted_from_inside_bubblewrap(bubblewrapped: ParserPool) -> None:
    assert bubblewrapped.run(f"{H}:lift_limits").value == "refused"


def test_an_answer_larger_than_allowed_is_refused(either: ParserPool) -> None:
    with pytest.raises(ParserCrashedError):
        either.run(f"{H}:flood", size=SMALL.output_bytes)
    assert goes_on(either)


@pytest.mark.parametrize("text", ["\xff" * 64, "\0\0\0\2[]", "\0\0\0\2{}", '\0\0\0\x0f{"blobs": [-1]}'])
def test_an_answer_that_is_no_frame_is_refused(either: ParserPool, text: str) -> None:
    with pytest.raises(ParserFailedError):
        either.run(f"{H}:talk_nonsense", text=text, timeout=2)
    assert goes_on(either)


@pytest.mark.parametrize("ahead", [0, 1])
def test_a_forged_answer_does_not_reach_the_next_caller(ahead: int) -> None:
    with ParserPool(1, SMALL, code=[INSIDE]) as pool:
        with suppress(ParserCrashedError):
            pool.run(f"{H}:speak_unasked", size=1 + ahead)
        with suppress(ParserCrashedError):
            assert pool.run(f"{H}:echo", word="mine").value == {"word": "mine"}
        assert pool.run(f"{H}:echo", word="mine").value == {"word": "mine"}


def test_a_refusal_carries_the_reason_and_keeps_the_process(either: ParserPool) -> None:
    first = either.run(f"{H}:count").value
    with pytest.raises(ParserRefusedError, match="印章") as refusal:
        either.run(f"{H}:refuse", message="印章看不清")
    assert isinstance(refusal.value, InvalidInputError)
    assert isinstance(first, int)
    assert either.run(f"{H}:count").value == first + 1


def test_an_unforeseen_error_is_a_refusal_and_its_text_is_not_logged(
    either: ParserPool, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ParserRefusedError):
        either.run(f"{H}:stumble", secret="张演示")
    assert "KeyError" in caplog.text
    assert "stumble" in caplog.text
    assert "张演示" not in caplog.text


@pytest.mark.parametrize("function", [f"{H}:nowhere", "no_such_module:echo"])
def test_a_function_that_does_not_exist_is_not_blamed_on_the_file(either: ParserPool, function: str) -> None:
    with pytest.raises(LookupError):
        either.run(function)
    assert goes_on(either)


def test_files_arrive_whole_however_they_are_given(either: ParserPool, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    with path.open("rb") as handle:
        handle.read(3)
        descriptor = os.open(path, os.O_RDONLY)
        files: list[FileSource] = [path, handle, descriptor, b"content", io.BytesIO(b"content")]
        assert either.run(f"{H}:echo", files).blobs == (b"content",) * 5
        assert handle.tell() == 3
        os.close(descriptor)


def test_a_process_is_replaced_after_its_number_of_calls() -> None:
    with ParserPool(1, Limits(calls=2), code=[INSIDE]) as pool:
        assert [pool.run(f"{H}:count").value for _ in range(5)] == [1, 2, 1, 2, 1]


def test_a_process_outlives_the_thread_that_first_called_it() -> None:
    with ParserPool(1, SMALL, code=[INSIDE]) as pool:
        for _ in range(3):
            thread = Thread(target=pool.run, args=(f"{H}:count",))
            thread.start()
            thread.join()
        assert pool.run(f"{H}:count").value == 4


def test_nobody_waits_for_ever_for_a_free_process() -> None:
    with ParserPool(1, Limits(queue_seconds=0.1), code=[INSIDE]) as pool:
        taken = pool._take()
        with pytest.raises(PoolBusyError) as refusal:
            pool.run(f"{H}:count")
        pool._give_back(taken, reusable=True)
        assert isinstance(refusal.value, UnavailableError)
        assert pool.run(f"{H}:count").value == 1


def test_closing_ends_calls_under_way_and_refuses_later_ones() -> None:
    pool = ParserPool(1, SMALL, code=[INSIDE])
    pool.run(f"{H}:count")
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(pool.run, f"{H}:spin")
        while pool._free.qsize():
            pass
        pool.close()
        assert isinstance(call.exception(), UnavailableError)
    with pytest.raises(PoolBusyError):
        pool.run(f"{H}:count")
    assert not pool._living


def test_a_pool_is_not_shared_across_a_fork() -> None:
    with ParserPool(1, SMALL, code=[INSIDE]) as pool:
        pool.run(f"{H}:count")
        pool._owner = os.getpid() + 1
        with pytest.raises(RuntimeError):
            pool.run(f"{H}:count")


def test_processes_die_with_a_parent_that_is_killed() -> None:
    program = f"""
from pathlib import Path
from archive_store.parsing.pool import ParserPool
pool = ParserPool(1, code=[Path({str(INSIDE)!r})])
pool.run("{H}:count")
print(next(iter(pool._living))._process.pid, flush=True)
pool.run("{H}:spin_with_helper")
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        watched = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    ended, _, _ = select.select([watched], [], [], 20)
    os.close(watched)
    assert ended


def test_what_a_process_started_ends_with_it(either: ParserPool) -> None:
    either.run(f"{H}:count")
    group = next(iter(either._living))._process.pid
    with pytest.raises(ParserTimedOutError):
        either.run(f"{H}:spin_with_helper", timeout=0.5)
    left = [entry for entry in Path("/proc").glob("[0-9]*/stat") if _group(entry) == group]
    assert left == []


def _group(stat: Path) -> int | None:
    """The process group of a living process; nothing for the dead (zombies are buried by their parent)."""
    with suppress(OSError):
        state, _, group, *_ = stat.read_text().rpartition(")")[2].split()
        return int(group) if state != "Z" else None
    return None


def test_no_descriptor_leaks_in_either_process(either: ParserPool) -> None:
    either.run(f"{H}:count")
    inside = either.run(f"{H}:open_descriptors").value
    outside = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        either.run(f"{H}:echo", [b"some", b"bytes"])
        with pytest.raises(ParserRefusedError):
            either.run(f"{H}:stumble", [], secret="x")
    assert either.run(f"{H}:open_descriptors").value == inside
    with pytest.raises(ParserCrashedError):
        either.run(f"{H}:die", number=signal.SIGKILL)
    either.run(f"{H}:count")
    assert len(list(Path("/proc/self/fd").iterdir())) == outside


def test_the_environment_holds_nothing_of_ours(monkeypatch: pytest.MonkeyPatch, proofs: ProofBook) -> None:
    monkeypatch.setenv("ANJUAN_SECRET", "hidden")
    with ParserPool(1, SMALL, code=[INSIDE]) as pool:
        found = pool.run(f"{H}:environment").value
    assert isinstance(found, dict)
    leaks = [name for name in found if "ANJUAN" in name or "hidden" in str(found[name])]
    proofs.record("secrets of the environment seen by a parser process", len(leaks), "0", not leaks)
    assert leaks == []


def test_a_process_reaches_no_network(bubblewrapped: ParserPool, proofs: ProofBook) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        said = bubblewrapped.run(f"{H}:connect", port=listener.getsockname()[1]).value
    proofs.record("networks reached from a parser process", int(said == "connected"), "0", said != "connected")
    assert said != "connected"


def test_a_process_sees_neither_data_nor_homes(bubblewrapped: ParserPool, tmp_path: Path, proofs: ProofBook) -> None:
    (tmp_path / "keys").write_text("secret")
    project = Path(__file__).parents[3]
    hidden = [tmp_path / "keys", Path.home() / ".ssh", Path("/etc/passwd"), Path("/proc/self"), project / ".git"]
    seen = bubblewrapped.run(f"{H}:see", paths=[str(path) for path in hidden]).value
    assert isinstance(seen, list)
    proofs.record("folders with data or keys seen by a parser process", len(seen), "0", not seen)
    assert seen == []


def test_a_file_handed_over_cannot_be_changed(bubblewrapped: ParserPool, tmp_path: Path, proofs: ProofBook) -> None:
    path = tmp_path / "original"
    path.write_bytes(b"original")
    with path.open("r+b") as writable:
        ways = bubblewrapped.run(f"{H}:write_to", [writable]).value
    assert isinstance(ways, list)
    proofs.record("ways for a parser process to write to an original", len(ways), "0", not ways)
    assert ways == []
    assert path.read_bytes() == b"original"


def test_scratch_space_is_limited(bubblewrapped: ParserPool) -> None:
    assert bubblewrapped.run(f"{H}:fill_scratch", size=2**20).value == "written"
    assert bubblewrapped.run(f"{H}:fill_scratch", size=Limits().file_bytes + 1).value in {"EFBIG", "ENOSPC"}


def test_eight_readers_of_two_processes_get_the_right_pages(tmp_path: Path, proofs: ProofBook) -> None:
    path = tmp_path / "colours.pdf"
    path.write_bytes(coloured_pdf(24))
    wrong: list[int] = []

    def read(reader: int, documents: Documents) -> None:
        for turn in range(12):
            page = (reader * 5 + turn * 7) % 24 + 1
            image = documents.render(path, "application/pdf", page, width=40)
            if tuple(image.rgb[:3]) != page_colour(page):
                wrong.append(page)

    with ParserPool(2) as pool, ThreadPoolExecutor(8) as threads:
        documents = Documents(pool)
        for done in [threads.submit(read, reader, documents) for reader in range(8)]:
            done.result()
    proofs.record("wrong pages given to eight readers of two processes", len(wrong), "0 of 96", not wrong)
    assert wrong == []


def test_other_callers_go_on_while_files_bring_processes_down(tmp_path: Path) -> None:
    path = tmp_path / "colours.pdf"
    path.write_bytes(coloured_pdf(4))

    def attack(pool: ParserPool) -> None:
        for number in (signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT):
            with pytest.raises(ParserCrashedError):
                pool.run(f"{H}:die", number=number)

    def read(documents: Documents) -> list[bool]:
        images = [documents.render(path, "application/pdf", page, width=40) for page in (1, 2, 3, 4) * 3]
        return [tuple(image.rgb[:3]) == page_colour(page) for image, page in zip(images, (1, 2, 3, 4) * 3, strict=True)]

    with ParserPool(2, code=[INSIDE]) as pool, ThreadPoolExecutor(4) as threads:
        attacks = [threads.submit(attack, pool) for _ in range(2)]
        readers = [threads.submit(read, Documents(pool)) for _ in range(2)]
        assert all(all(reader.result()) for reader in readers)
        assert [done.result() for done in attacks] == [None, None]
