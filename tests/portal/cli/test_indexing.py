"""`anjuan index`: which engine, and an index made anew while searches go on."""

from __future__ import annotations

import json
import os
import time
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from archive_store.models.work import Work
from archive_store.work import BUILD_INDEX
from portal.cli.context import GOOD, REFUSED, WRONG_USE
from portal.worker import Worker
from tests.elasticsearch.node import settings
from tests.portal.cli.running import run
from tests.portal.conftest import open_installation

if TYPE_CHECKING:
    from tests.elasticsearch.node import Node
    from tests.portal.conftest import World

pytestmark = pytest.mark.usefixtures("indexed")


def test_an_engine_that_nobody_knows_is_a_wrong_argument(world: World) -> None:
    assert run(world.opened.settings.data, "index", "engine", "--to", "solr").code == WRONG_USE


def test_an_engine_that_is_not_configured_is_refused_with_the_way_out(world: World) -> None:
    said = run(world.opened.settings.data, "index", "engine", "--to", "elasticsearch")
    assert (said.code, "elasticsearch_url" in said.stderr) == (REFUSED, True)


def test_the_engine_in_use_is_told(world: World) -> None:
    said = run(world.opened.settings.data, "index", "engine", "--json")
    assert (said.code, json.loads(said.stdout)) == (
        GOOD,
        {"good": True, "engine": "embedded", "cases": 1, "configured": ["embedded"]},
    )


def test_the_index_is_made_anew_beside_the_one_in_use(world: World) -> None:
    data = world.opened.settings.data
    world.opened.index.close()
    builds = set((data / "index").glob("build-*"))
    said = run(data, "index", "rebuild")
    assert (said.code, said.stdout.splitlines()[-1]) == (GOOD, "检索引擎：内置引擎，1 卷可检索。")
    assert builds.isdisjoint((data / "index").glob("build-*"))


def test_a_running_archive_moves_to_elasticsearch_and_back(
    world: World, elasticsearch_node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = world.opened.settings.data
    world.opened.index.close()
    monkeypatch.setenv("ANJUAN_ELASTICSEARCH_URL", elasticsearch_node.url)
    monkeypatch.setenv("ANJUAN_ELASTICSEARCH_PREFIX", settings(elasticsearch_node).prefix)
    monkeypatch.setenv("ANJUAN_ELASTICSEARCH_REPLICAS", "0")
    for engine, name in (("elasticsearch", "Elasticsearch"), ("embedded", "内置引擎")):
        said = run(data, "index", "engine", "--to", engine)
        assert (said.code, said.stdout.splitlines()[-1]) == (GOOD, f"检索引擎：{name}，1 卷可检索。"), said.stderr
        with open_installation(data) as opened:
            asked = opened.services.search
            found = asked.search(world.actor("archivist"), asked.asked("Inspection", {}, "relevance", 0, 20))
            assert (opened.index.engine, len(found.cases)) == (engine, 1)


def test_a_cluster_that_is_not_there_changes_nothing_and_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.opened.index.close()
    monkeypatch.setenv("ANJUAN_ELASTICSEARCH_URL", "http://127.0.0.1:1")
    data = world.opened.settings.data
    said = run(data, "index", "engine", "--to", "elasticsearch")
    assert (said.code, "案卷本身没有受影响" in said.stderr) == (REFUSED, True)
    assert json.loads(run(data, "index", "engine", "--json").stdout)["engine"] == "embedded"


def test_where_a_worker_runs_it_makes_the_index_and_the_command_waits_for_it(world: World) -> None:
    stop, ours = os.pipe()
    with open(stop, encoding="utf-8") as end:  # noqa: PTH123 - a descriptor, not a path
        worker = Thread(target=Worker(world.opened).run, args=(end,))
        worker.start()
        try:
            while not world.opened.building.has_worker():
                time.sleep(0.05)
            said = run(world.opened.settings.data, "index", "rebuild", "--json")
        finally:
            os.close(ours)
            worker.join()
    assert (said.code, json.loads(said.stdout)["cases"]) == (GOOD, 1)
    with world.opened.database.read() as session:
        assert session.scalars(select(Work).where(Work.kind == BUILD_INDEX)).one().done_at is not None
