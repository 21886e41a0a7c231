"""From approved pages to a signed copy in one call: certificate, pages, manifest, leak check, signature, verdict."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive_store.errors import IntegrityError
from portal.dissemination.assemble import PageFile, assemble
from portal.dissemination.leak_check import document_findings, words_findings
from portal.dissemination.release import CopyManifest, OfficeStep, ReleaseManifest, SealReference, new_check_code

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from portal.dissemination.sign import CopySigner
    from portal.dissemination.verdict import Report


@dataclass(frozen=True, slots=True)
class CopyOrder:
    """What a copy is to be made of.

    `release` is the release as decided (`ReleaseManifest.decided`), `approved_sha256` the hash of the manifest that the
    leader saw. `pages` are its page images in order; `secrets` the passages known to lie under boxes.
    """

    release: ReleaseManifest
    approved_sha256: str
    bureau: str
    offices: tuple[OfficeStep, ...]
    made_at: datetime
    verify_at: str
    pages: Sequence[PageFile]
    secrets: tuple[str, ...] = ()
    demonstration: bool = False
    seal: SealReference | None = None


def make_copy(order: CopyOrder, signer: CopySigner, verify: Callable[[Path], Report], target: Path) -> CopyManifest:
    """Make the signed copy at `target` and return its manifest (with the check code).

    Args:
        order: what it is made of.
        signer: signs it.
        verify: the verdict on a file as anyone would reach it (in a parser process); a copy that it does not call
            genuine is not given out.
        target: the new file; nothing is left there on an error.

    Raises:
        IntegrityError: pages are not the approved ones, a passage that is hidden was found, or the verdict is bad.
        UnavailableError: typesetting, signature or time stamp did not work; trying again is safe.
    """
    _check_pages(order)
    with ExitStack() as undo:
        undo.callback(target.unlink, missing_ok=True)
        manifest = assemble(_manifest(order), order.pages, target)
        findings = [*words_findings(manifest, order.secrets), *document_findings(target, manifest, order.secrets)]
        if findings:
            said = "；".join(f"{finding.place}：{finding.message}" for finding in findings[:3])
            raise IntegrityError(f"泄密检查没有通过，复制件没有生成。{said}。请退回重新制作。")
        signer.sign(target)
        report = verify(target)
        if report.facts is None or report.facts.check_code != manifest.check_code:
            raise IntegrityError("新制作的复制件没有通过核验，没有出具。请重试；仍不成功时请联系系统管理员。")
        undo.pop_all()
    return manifest


def _manifest(order: CopyOrder) -> CopyManifest:
    return CopyManifest(
        bureau=order.bureau,
        release=order.release,
        approved_sha256=order.approved_sha256,
        offices=order.offices,
        made_at=order.made_at,
        check_code=new_check_code(),
        verify_at=order.verify_at,
        certificate_pages=1,
        demonstration=order.demonstration,
        seal=order.seal,
    )


def _check_pages(order: CopyOrder) -> None:
    said = [page for item in order.release.items for page in item.pages]
    if [file.page for file in order.pages] != said:
        raise IntegrityError("页面图像与获准的放行清单不同，复制件没有生成。请退回重新制作。")
