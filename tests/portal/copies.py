"""A signed copy of the test installation's own authority, and its entry in the records."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from archive_store.authority import load_authority
from archive_store.models.base import now
from archive_store.models.copies import CopyRequest, Decision, Release, SignedCopy
from portal.dissemination.redact import Box
from tests.portal.dissemination.conftest import NUMBER, RECIPIENT, Bench, order_for, prepare

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from tests.portal.conftest import World
    from tests.portal.dissemination.conftest import Made


def make_genuine(data: Path, folder: Path) -> Made:
    """A copy that the installation in `data` would give out, with a box and an item kept back."""
    bench = Bench(load_authority(data / "keys" / "authority"))
    boxes = (Box(1, 0.1, 0.1, 0.6, 0.16, "informant", 4),)
    return bench.make(order_for(prepare(folder / "pages", (1, 1, 0), boxes)), folder / "copy.pdf")


def enter_copy(world: World, case_id: str, made: Made, withdrawn_at: datetime | None = None) -> str:
    """Enter the copy into the records as given out on a request of the party's; gives its id."""
    with world.opened.database.write() as unit:
        request = CopyRequest(
            number=NUMBER,
            case_id=case_id,
            requester_id=world.ids["party"],
            recipient=RECIPIENT,
            kind="party",
            channel="online",
            state="delivered",
        )
        unit.session.add(request)
        unit.session.flush()
        release = Release(
            request_id=request.id, prepared_by=world.ids["archivist"], plan_sha256="0" * 64, pages={}, manifest="{}"
        )
        unit.session.add(release)
        unit.session.flush()
        decision = Decision(
            request_id=request.id,
            release_id=release.id,
            leader_id=world.ids["leader"],
            outcome="granted",
            withheld={},
        )
        unit.session.add(decision)
        unit.session.flush()
        copy = SignedCopy(
            request_id=request.id,
            decision_id=decision.id,
            blob="0" * 32,
            size=len(made.content),
            sha512=hashlib.sha512(made.content).hexdigest(),
            sha256=hashlib.sha256(made.content).hexdigest(),
            check_code=made.manifest.check_code,
            expires_at=now() + timedelta(days=30),
            withdrawn_at=withdrawn_at,
            withdrawn_reason="撤回的内部理由" if withdrawn_at else "",
        )
        unit.session.add(copy)
        unit.session.flush()
        return copy.id
