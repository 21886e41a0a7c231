"""The certificate that stands before the pages of a copy (复制件证明), as PDF/A-3b.

It says what the attached manifest says, in words: for whom, from which file, which items, what is covered or kept back
and on which ground, which offices decided, and how anyone can check the copy. Source: 办法 Art. 30, 31.
"""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import segno

from archive_store.deadlines import CHINA
from archive_store.forms.typesetting import typeset
from portal.dissemination.release import ReleasedItem, in_groups

if TYPE_CHECKING:
    from datetime import date

    from portal.dissemination.release import CopyManifest

DEMONSTRATION_WORDS = "演示证书，不具法律效力"
_TEMPLATE = Path(__file__).parent / "templates" / "certificate.typ"


def certificate_pdf(manifest: CopyManifest) -> bytes:
    """The certificate's pages; the same manifest gives the same bytes."""
    return typeset(_TEMPLATE, words_of(manifest), moment=manifest.made_at, standard="a-3b", tagged=False)


def look_up_address(manifest: CopyManifest) -> str:
    """What the QR code holds: the verification page with the request number and the check code."""
    query = urlencode({"number": manifest.release.request_number, "code": manifest.check_code})
    return f"{manifest.verify_at}?{query}"


def words_of(manifest: CopyManifest) -> dict[str, Any]:
    """Every word that the certificate shows."""
    release = manifest.release
    return {
        "bureau": manifest.bureau,
        "banner": DEMONSTRATION_WORDS if manifest.demonstration else "",
        "request_number": release.request_number,
        "recipient": release.recipient,
        "archival_code": release.archival_code,
        "page_count": release.page_count,
        "items": [_item(item, manifest) for item in release.items],
        "grounds": [[str(ground.number), ground.text, ground.basis] for ground in release.grounds],
        "offices": [[step.office, step.act, _day(step.on)] for step in manifest.offices],
        "made_on": _day(manifest.made_at.astimezone(CHINA).date()),
        "sealed_on": _day(manifest.seal.sealed_on) if manifest.seal else "",
        "check_code": in_groups(manifest.check_code),
        "verify_at": manifest.verify_at,
        "qr": qr_svg(look_up_address(manifest)),
        "approved_sha256": manifest.approved_sha256,
    }


def qr_svg(words: str) -> str:
    """A QR code as SVG, error correction M: it still reads with a fold across it."""
    out = io.BytesIO()
    segno.make_qr(words, error="m").save(out, kind="svg", border=2, xmldecl=False, svgns=True)
    return out.getvalue().decode()


def _item(item: ReleasedItem, manifest: CopyManifest) -> list[str]:
    numbers = {ground.code: ground.number for ground in manifest.release.grounds}
    if item.withheld is not None:
        return [str(item.position), item.title, item.outcome.zh, "—", f"依据 {numbers[item.withheld]}"]
    counted = sorted(Counter(box.number for box in item.boxes).items())
    covered = "；".join(f"依据 {number}：{times} 处" for number, times in counted) or "—"
    return [str(item.position), item.title, item.outcome.zh, str(len(item.pages)), covered]


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
