"""Documents without pages are found by their words, and read only through a rendition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archive_store.derivatives import Kind
from archive_store.errors import NotFoundError
from archive_store.models.cases import Case, StoredFile
from portal.services.viewing import PageAsked
from portal.worker import Worker
from tests.archive_store.parsing import office_makers as make
from tests.portal.conftest import log_in, make_app, pdf, write_case
from tests.portal.filing import seal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.portal.conftest import World
    from tests.portal.stages import Stage

LABEL = {"level": "internal", "marks": ["minor"]}
ITEMS = [
    {"file": "01.docx", "title": "电子笔录", "type": "site_inspection_record", "date": "2026-11-02"},
    {
        "file": "02.docx",
        "title": "另附版式的笔录",
        "type": "inquiry_record",
        "date": "2026-11-03",
        "rendition": {"file": "02.pdf", "made_by": "承办演示甲"},
    },
    {"file": "03.docx", "title": "损坏的笔录", "type": "inquiry_record", "date": "2026-11-03"},
    {"file": "04.eml", "title": "未成年人来信", "type": "inquiry_record", "date": "2026-11-04", "label": LABEL},
]


@pytest.fixture(scope="module")
def written(sealed_stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str]]:
    """A sealed and indexed case of documents without pages."""
    folder = tmp_path_factory.mktemp("written")
    with sealed_stage.world(folder) as world:
        source = write_case(folder / "case", items=ITEMS, case_number="演水检〔2026〕31号")
        (source / "01.docx").write_bytes(make.docx("鸬鹚滩涂采砂船", "第二段"))
        (source / "02.docx").write_bytes(make.docx("白鹭滩涂原稿"))
        (source / "02.pdf").write_bytes(pdf("Paged rendition"))
        (source / "03.docx").write_bytes(make.docx("苍鹭滩涂", declaration="<!DOCTYPE a>"))
        (source / "04.eml").write_bytes(make.mail("来信", "夜鹭滩涂", ("附.docx", make.docx("池鹭滩涂"))))
        outcome = world.opened.services.intake.import_case(world.actor("handler"), source)
        assert outcome.case_id, outcome.findings
        seal(world, outcome.case_id)
        Worker(world.opened).run_until_idle()
        yield world, outcome.case_id


def hits(world: World, who: str, query: str) -> list[str]:
    search = world.opened.services.search
    found = search.search(world.actor(who), search.asked(query, {}, "", 0, 20))
    return [item.document.item_title for group in found.cases for item in group.items if item.pages]


def item_ids(world: World, case_id: str) -> dict[str, str]:
    with world.opened.database.read() as session:
        return {item.title: item.id for item in session.get_one(Case, case_id).items}


def test_words_of_a_document_without_pages_are_found(written: tuple[World, str]) -> None:
    world, _ = written
    assert hits(world, "archivist", "鸬鹚滩涂") == ["电子笔录"]
    assert hits(world, "archivist", "夜鹭滩涂") == hits(world, "archivist", "池鹭滩涂") == ["未成年人来信"]


def test_of_a_document_with_a_rendition_the_rendition_is_what_is_found(written: tuple[World, str]) -> None:
    world, _ = written
    assert hits(world, "archivist", "Paged rendition") == ["另附版式的笔录"]
    assert hits(world, "archivist", "白鹭滩涂") == []


def test_who_may_not_read_the_item_does_not_find_its_words(written: tuple[World, str]) -> None:
    world, _ = written
    for who in ("handler", "leader"):
        assert hits(world, who, "鸬鹚滩涂") == ["电子笔录"], who
        assert hits(world, who, "夜鹭滩涂") == [], who


def test_a_document_that_breaks_is_marked_and_the_others_are_found(written: tuple[World, str]) -> None:
    world, case_id = written
    assert hits(world, "archivist", "苍鹭滩涂") == []
    failures = world.opened.services.recognition.of_case(world.actor("archivist"), case_id).failures
    assert [(one.item_number, one.page) for one in failures] == [(3, 0)]
    page = log_in(make_app(world.opened), "archivist").get(f"/cases/{case_id}").text
    assert "1 处文字不能检索" in page
    assert failures[0].reason in page


def test_a_hit_leads_to_the_case_and_not_to_a_reader_without_pages(written: tuple[World, str]) -> None:
    world, case_id = written
    client = log_in(make_app(world.opened), "archivist")
    page = client.get("/search/?q=鸬鹚滩涂").text
    assert "正文第 1 部分" in page
    item_id = item_ids(world, case_id)["电子笔录"]
    assert f"/items/{item_id}" not in page
    assert f"/cases/{case_id}" in page
    assert client.get(f"/items/{item_id}").status_code == 404
    with pytest.raises(NotFoundError):
        world.opened.services.viewing.reader(world.actor("archivist"), item_id, PageAsked(1, 0, "鸬鹚"))


def test_a_text_is_extracted_once_and_a_failure_too(
    written: tuple[World, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, case_id = written

    def never(*_given: object) -> None:
        raise AssertionError("extracted again")

    monkeypatch.setattr(world.opened.documents, "words", never)
    world.opened.indexing.index_case(case_id)
    assert hits(world, "archivist", "鸬鹚滩涂") == ["电子笔录"]


def test_what_was_lost_is_made_again_and_what_nothing_names_goes(written: tuple[World, str]) -> None:
    world, case_id = written
    derivatives = world.opened.derivatives
    with world.opened.database.read() as session:
        files = [file.id for item in session.get_one(Case, case_id).items for file in item.files]
        assert session.get(StoredFile, files[0])
    kept = set(derivatives.file_ids(Kind.WORDS))
    assert kept <= set(files)
    for file_id in kept:
        derivatives.remove(Kind.WORDS, file_id)
    with derivatives.making(Kind.WORDS, "0" * 32, "words") as place:
        place.write(b"x")
    world.opened.services.recognition.reconcile()
    assert set(derivatives.file_ids(Kind.WORDS)) == set()
    world.opened.indexing.index_case(case_id)
    assert set(derivatives.file_ids(Kind.WORDS)) == kept
