"""Only what we wrote is called genuine: every kind of forgery, single bytes anywhere, rubbish, and time."""

from __future__ import annotations

import asyncio
import base64
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_private_key
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko_certvalidator.context import ValidationTimingInfo

from archive_store.authority import issue_crl
from archive_store.parsing.errors import ParserCrashedError, ParserRefusedError, ParserTimedOutError
from archive_store.parsing.pool import ParserPool
from portal.dissemination.verdict import (
    DEMONSTRATION,
    MEANINGS,
    SENTENCES,
    CheckName,
    Report,
    Verdict,
    trust_in,
    verdict_on,
)
from portal.dissemination.verify_trust import Trust, _specification
from tests.portal.dissemination.attacks import ATTACKS, Scene
from tests.portal.dissemination.conftest import NUMBER, Bench, Made

if TYPE_CHECKING:
    from pathlib import Path

    from tests.proofs import ProofBook


@pytest.fixture(scope="session")
def scene(made: Made, bench: Bench, stranger: Bench, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(made, bench, stranger, tmp_path_factory.mktemp("attacks"))


@pytest.fixture(scope="session")
def verdicts(scene: Scene) -> dict[str, Report]:
    """The verdict on every kind of forgery."""
    found = {}
    for name, (make, _) in ATTACKS.items():
        path = scene.folder / "forged.pdf"
        path.write_bytes(make(scene))
        found[name] = scene.bench.verdict(path)
    return found


@pytest.mark.parametrize("name", ATTACKS)
def test_a_forgery_is_called_what_it_is(name: str, verdicts: dict[str, Report]) -> None:
    report, wanted = verdicts[name], ATTACKS[name][1]
    assert report.verdict is not Verdict.GENUINE
    assert wanted is None or report.verdict is wanted, [check for check in report.checks if not check.passed]
    assert report.facts is None


def test_altered_copies_called_genuine(verdicts: dict[str, Report], proofs: ProofBook) -> None:
    accepted = sum(report.verdict is Verdict.GENUINE for report in verdicts.values())
    proofs.record("altered copies accepted as genuine", accepted, f"0 of {len(verdicts)} kinds", holds=accepted == 0)


def test_single_changed_bytes_called_genuine(scene: Scene, proofs: ProofBook, *, full: bool) -> None:
    tries = 1500 if full else 24
    chance = random.Random(7)  # noqa: S311 - the same places each time
    start, end = scene.gap(1)
    places = [chance.randrange(len(scene.genuine)) for _ in range(tries // 2)]
    places += [chance.randrange(start, end) for _ in range(tries // 2)]
    accepted = 0
    path = scene.folder / "byte.pdf"
    for place in places:
        content = bytearray(scene.genuine)
        content[place] ^= 1 << chance.randrange(8)
        path.write_bytes(content)
        accepted += scene.bench.verdict(path).verdict is Verdict.GENUINE
    proofs.record("copies with one changed bit accepted", accepted, f"0 of {len(places)}", holds=accepted == 0)


def test_the_genuine_copy_is_genuine(made: Made, bench: Bench) -> None:
    report = bench.verdict(made.path)
    assert [check.name for check in report.checks if check.passed is not True] == []
    assert report.verdict is Verdict.GENUINE
    assert report.facts is not None
    assert (report.facts.request_number, report.facts.check_code) == (NUMBER, made.manifest.check_code)
    assert (report.facts.pages, report.facts.items) == (3, 3)


RUBBISH = {
    "empty": b"",
    "text": "不是PDF".encode(),
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(64),
    "large without an end": b"%PDF-1.7\n" + bytes(16 * 2**20),
    "header alone": b"%PDF-1.7\n%%EOF\n",
    "endless nesting": b"%PDF-1.7\n1 0 obj\n" + b"[" * 50_000 + b"\nendobj\nstartxref\n9\n%%EOF\n",
    "a loop of revisions": b"%PDF-1.7\nxref\n0 0\ntrailer\n<</Root 1 0 R/Size 1/Prev 9>>\nstartxref\n9\n%%EOF\n",
}


@pytest.mark.parametrize("kind", RUBBISH)
def test_rubbish_cannot_be_confirmed(kind: str, bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "file.pdf"
    path.write_bytes(RUBBISH[kind])
    report = bench.verdict(path)
    assert report.verdict is Verdict.UNKNOWN
    assert {check.passed for check in report.checks[1:]} == {None}


def test_another_authoritys_copy_cannot_be_confirmed(made: Made, stranger: Bench) -> None:
    assert stranger.verdict(made.path).verdict is Verdict.UNKNOWN


def test_the_root_alone_is_enough_where_no_signers_are_named(made: Made, bench: Bench, stranger: Bench) -> None:
    assert bench.verdict(made.path, signers=()).verdict is Verdict.GENUINE
    assert stranger.verdict(made.path, signers=()).verdict is Verdict.UNKNOWN


def test_the_archives_seal_signs_no_copies_even_where_no_signers_are_named(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "seal.pdf"
    path.write_bytes(ATTACKS["signed_with_the_archives_seal"][0](scene))
    assert scene.bench.verdict(path, signers=()).verdict is Verdict.UNKNOWN


def revoking(folder: Path, bench: Bench, name: str, moment: datetime) -> list[str]:
    """A list of the issuing authority that revokes one of its certificates."""
    issuer, revoked = (x509.load_der_x509_certificate(bench.authority.certificates[one]) for one in ("issuer", name))
    key = load_der_private_key((folder / "issuer.key").read_bytes(), None)
    return [base64.b64encode(issue_crl(issuer, key, [(revoked.serial_number, moment)])).decode()]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["copy", "tsa"])
def test_a_certificate_revoked_before_makes_the_copy_worthless(
    name: str, made: Made, bench: Bench, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = next(tmp_path_factory.getbasetemp().glob("bench*/keys"))
    early = revoking(folder, bench, name, datetime.now(UTC) - timedelta(days=1))
    late = revoking(folder, bench, name, datetime.now(UTC) + timedelta(days=1))
    assert bench.verdict(made.path, crls=early).verdict is Verdict.ALTERED
    assert bench.verdict(made.path, crls=late).verdict is Verdict.GENUINE


def test_every_sentence_under_a_demonstration_authority_says_so(verdicts: dict[str, Report]) -> None:
    assert {report.sentence for report in verdicts.values()} == {
        f"{SENTENCES[kind]}（{DEMONSTRATION}）" for kind in ("altered", "unknown")
    }


def test_an_earnest_verdict_says_nothing_of_demonstration() -> None:
    assert Report(Verdict.ALTERED, demonstration=False, sha256="").sentence == "此件已被改动"


def test_every_check_has_words_for_both_ends() -> None:
    assert set(MEANINGS) == set(CheckName)
    assert all(good != bad for good, bad in MEANINGS.values())


def test_a_report_reads_back_from_json(made: Made, bench: Bench, verdicts: dict[str, Report]) -> None:
    for report in (bench.verdict(made.path), *verdicts.values()):
        assert Report.from_json(report.to_json()) == report


def test_it_runs_in_a_parser_process(made: Made, bench: Bench, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    with ParserPool(1) as pool:
        good, bad = (verdict_on(pool, path, trust_in(bench.authority)) for path in (made.path, empty))
    assert (good.verdict, bad.verdict) == (Verdict.GENUINE, Verdict.UNKNOWN)


@pytest.mark.parametrize("error", [ParserTimedOutError, ParserCrashedError, ParserRefusedError])
def test_a_file_that_breaks_the_parser_cannot_be_confirmed(error: type[Exception], made: Made, bench: Bench) -> None:
    class Broken(ParserPool):
        def run(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401
            raise error

    with Broken(1) as pool:
        report = verdict_on(pool, made.path, trust_in(bench.authority))
    assert report.verdict is Verdict.UNKNOWN
    assert DEMONSTRATION in report.sentence


@pytest.mark.parametrize(("years", "holds"), [(1, True), (24, True), (40, False)])
def test_a_copy_can_be_checked_for_as_long_as_the_time_stamps_last(
    years: int, *, holds: bool, made: Made, bench: Bench
) -> None:
    """The moment of validation is moved; the copy knows nothing of what came later."""
    moment = datetime.now(UTC) + timedelta(days=365 * years)
    timing = ValidationTimingInfo(moment, best_signature_time=moment, point_in_time_validation=False)
    trust = Trust((asn1_x509.Certificate.load(bench.authority.certificates["root"]),))
    with made.path.open("rb") as file:
        signature, _ = PdfFileReader(file).embedded_signatures
        signature.compute_integrity_info()
        result = asyncio.run(ades_lta_validation(signature, _specification(trust), timing_info=timing))
    assert (result.ades_subindic == AdESPassed.OK) is holds
