"""What signing leaves: three revisions, nothing after the last, an error that says that nothing happened."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.timestamps import TimeStamper

from archive_store.errors import UnavailableError
from portal.dissemination.assemble import assemble
from portal.dissemination.sign import CopySigner

if TYPE_CHECKING:
    from pathlib import Path

    from asn1crypto import tsp

    from tests.portal.dissemination.conftest import Bench, Made


class SilentStamper(TimeStamper):
    """A time-stamp service that does not answer."""

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        raise ConnectionError(f"nobody there to answer {req.native['version']}")


def unsigned(made: Made, folder: Path) -> Path:
    path = folder / "copy.pdf"
    assemble(made.manifest, made.prepared.pages, path)
    return path


def test_a_silent_time_stamp_service_is_an_error_that_can_be_tried_again(
    made: Made, bench: Bench, tmp_path: Path
) -> None:
    with pytest.raises(UnavailableError, match="请稍后重试"):
        CopySigner(bench.authority, SilentStamper()).sign(unsigned(made, tmp_path))


def test_a_time_stamp_authority_that_nobody_trusts_is_refused(
    made: Made, bench: Bench, stranger: Bench, tmp_path: Path
) -> None:
    with pytest.raises(UnavailableError):
        CopySigner(bench.authority, stranger.stamper).sign(unsigned(made, tmp_path))


def test_a_missing_revocation_list_is_refused(made: Made, bench: Bench, tmp_path: Path) -> None:
    without = dataclasses.replace(bench.authority, crls={})
    with pytest.raises(UnavailableError):
        CopySigner(without, bench.stamper).sign(unsigned(made, tmp_path))


def test_the_document_is_kept_byte_by_byte_below_the_signature(made: Made, bench: Bench, tmp_path: Path) -> None:
    path = unsigned(made, tmp_path)
    before = path.read_bytes()
    bench.signer.sign(path)
    assert path.read_bytes().startswith(before)


def test_a_copy_has_three_revisions_and_the_last_covers_it_all(made: Made) -> None:
    with made.path.open("rb") as file:
        reader = PdfFileReader(file)
        _, stamp = reader.embedded_signatures
        assert reader.xrefs.total_revisions == 3
        start, length, second, rest = stamp.byte_range
    assert (start, second + rest) == (0, len(made.content))
    assert length < second


def test_signing_twice_is_refused(made: Made, bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "again.pdf"
    path.write_bytes(made.content)
    with pytest.raises(UnavailableError):
        bench.signer.sign(path)
