"""The way of a draft into the archive, taken by the services, whatever the findings that a reason lets pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.portal.conftest import World


def accept(world: World, case_id: str, *, by: str = "handler", archivist: str = "archivist") -> None:
    """Hand a draft over, accept it, and let pass what may pass."""
    transfer, who = world.opened.services.transfer, world.actor(archivist)
    transfer.hand_over(world.actor(by), case_id)
    transfer.accept(who, case_id)
    for found in transfer.findings(who, case_id):
        if found.blocks and found.waivable:
            transfer.waive(who, case_id, found.finding.key, "演示：已核实")


def seal(world: World, case_id: str, *, by: str = "handler", archivist: str = "archivist") -> None:
    """The same, and seal it."""
    accept(world, case_id, by=by, archivist=archivist)
    world.opened.services.sealing.seal(world.actor(archivist), case_id)
