from __future__ import annotations

import socket
import time
from threading import Thread

from archive_store.parsing import child, wire


def answered(*calls: dict[str, wire.Json]) -> list[dict[str, wire.Json]]:
    """What the child's loop answers to calls, run in a thread without its limits."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        worker = Thread(target=lambda: [child.serve_one(theirs) for _ in calls])
        worker.start()
        headers = []
        for call in calls:
            wire.send(ours, call)
            headers.append(wire.receive(ours, deadline=time.monotonic() + 20, limit=2**20)[0])
        worker.join()
    return headers


def call(function: str, **arguments: wire.Json) -> dict[str, wire.Json]:
    return {"id": 1, "function": function, "seconds": 100_000, "arguments": arguments}


def test_a_module_that_does_not_exist_is_reported_as_missing() -> None:
    (header,) = answered(call("archive_store.nowhere:f"))
    assert "ModuleNotFoundError" in str(header["missing"])


def test_an_error_is_reported_by_kind_and_place_without_its_text() -> None:
    (header,) = answered(call("json:loads", s="secret{"))
    assert "JSONDecodeError" in str(header["failed"])
    assert "secret" not in str(header)


def test_memory_that_ran_out_ends_the_loop() -> None:
    (header,) = answered(call("tests.archive_store.parsing.test_child:run_out"))
    assert header == {"id": 1, "exhausted": True}


def test_answers_carry_the_number_of_their_call() -> None:
    first, second = answered(
        call("tests.archive_store.parsing.test_child:give"),
        call("tests.archive_store.parsing.test_child:give") | {"id": 2},
    )
    assert first == {"id": 1, "value": "given"}
    assert second == {"id": 2, "value": "given"}


def test_a_channel_that_closes_ends_the_loop() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        ours.close()
        assert child.serve_one(theirs) is False


def run_out() -> wire.Answer:
    raise MemoryError


def give() -> wire.Answer:
    return wire.Answer("given")
