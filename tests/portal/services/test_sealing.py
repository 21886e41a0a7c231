"""Sealing: who may not, what keeps it from happening, and what stays true afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from archive_store.errors import NotFoundError, RefusedError
from archive_store.models.cases import Case, SealedObject, StoredFile
from archive_store.vocabulary import CaseState

if TYPE_CHECKING:
    from tests.portal.conftest import World

pytestmark = pytest.mark.both_databases

WRONG = ("handler", "other_handler", "leader", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")


def test_only_an_archivist_seals(world: World, accepted: str) -> None:
    for who in WRONG:
        with pytest.raises((NotFoundError, RefusedError)):
            world.opened.services.sealing.seal(world.actor(who), accepted)
    assert not world.opened.root.has(f"urn:anjuan:{accepted}:main")


def test_a_file_with_open_findings_is_not_sealed(world: World, draft: str) -> None:
    services = world.opened.services
    services.transfer.hand_over(world.actor("handler"), draft)
    services.transfer.accept(world.actor("archivist"), draft)
    if any(found.blocks for found in services.transfer.findings(world.actor("archivist"), draft)):
        with pytest.raises(RefusedError):
            services.sealing.seal(world.actor("archivist"), draft)


def test_a_sealed_case_has_an_object_for_each_volume_and_verifies(world: World, sealed: str) -> None:
    with world.opened.database.read() as session:
        case = session.get_one(Case, sealed)
        objects = session.scalars(select(SealedObject.object_id)).all()
        assert case.state is CaseState.SEALED
        assert {o.rsplit(":", 1)[1] for o in objects} == {"main", "auxiliary"}
        assert all(file.blob is None for file in session.scalars(select(StoredFile)))
    assert list(world.opened.services.fixity.verify_everything()) == []
    assert list(world.opened.staging.names()) == []


def test_the_main_volume_does_not_speak_of_the_auxiliary_one(world: World, sealed: str) -> None:
    description = world.opened.root.read(f"urn:anjuan:{sealed}:main", "case.json").decode()
    assert "现场检查笔录" in description
    assert "结案审批表" not in description


def test_a_sealed_case_cannot_be_sealed_or_changed_again(world: World, sealed: str) -> None:
    with pytest.raises(RefusedError):
        world.opened.services.sealing.seal(world.actor("archivist"), sealed)
    with pytest.raises((NotFoundError, RefusedError)):
        world.opened.services.transfer.send_back(world.actor("archivist"), sealed, "改")


def test_what_was_published_but_never_committed_is_taken_out(world: World, accepted: str) -> None:
    opened = world.opened
    with opened.root.new_object(f"urn:anjuan:{accepted}:main") as build:
        build.add_bytes("x.txt", b"x")
        from archive_store.ocfl_inventory import Author  # noqa: PLC0415

        build.finish("x", Author("x", "urn:x"), opened.desk.clock().replace(microsecond=0))
        build.publish()
    assert opened.services.sealing.sweep() == 1
    opened.services.sealing.seal(world.actor("archivist"), accepted)
    assert list(opened.services.fixity.verify_everything()) == []
