"""Documents: each in the partition of its label, with no name that the partition may not show."""

from __future__ import annotations

from datetime import date

from archive_store.labels import Label, Level, Mark, Partition, Volume
from indexer.documents import CaseFacts, ItemFacts, PageDocument, Person, documents_of, words

INFORMANT = Label.of(Level.INTERNAL, [Mark.INFORMANT])
CASE = CaseFacts(
    case_id="c1",
    archival_code="S001-0001",
    case_number="石水罚字〔2025〕5号",
    title="张演示非法采砂案",
    department_id="d1",
    department="执法大队",
    year=2025,
    day=date(2025, 3, 1),
    kind="penalty",
    procedure="ordinary",
    handlers=("演示乙",),
    persons=(Person("张演示"), Person("钱演示", INFORMANT, party=False)),
    tokens=frozenset({"entry:d1"}),
    name_tokens=frozenset({"content:d1"}),
)
ITEM = ItemFacts("i1", 1, "询问笔录", volume=Volume.AUXILIARY, day=date(2025, 1, 2), tokens=frozenset({"case:c1"}))
SECRET_ITEM = ItemFacts("i2", 2, "举报信", label=INFORMANT)


def all_documents() -> dict[str, PageDocument]:
    made = documents_of(CASE, [(ITEM, ["第一页", "第二页"]), (SECRET_ITEM, ["信"])])
    return {document.page_id: document for document in made}


def test_a_hidden_name_stands_only_where_its_label_is_covered() -> None:
    holders = {page_id for page_id, d in all_documents().items() if "钱演示" in repr(d)}
    assert holders == {"c1:persons:1+informant", "i2:0", "i2:1"}
    for page_id in holders:
        assert Mark.INFORMANT in all_documents()[page_id].partition.label.marks


def test_every_page_and_every_entry_has_its_document() -> None:
    assert {page_id: d.grade for page_id, d in all_documents().items()} == {
        "c1:0": "case",
        "c1:persons:1": "persons",
        "c1:persons:1+informant": "persons",
        "i1:0": "item",
        "i1:1": "page",
        "i1:2": "page",
        "i2:0": "item",
        "i2:1": "page",
    }


def test_an_item_lies_in_the_partition_of_its_entry_and_itself() -> None:
    documents = all_documents()
    assert documents["i1:1"].partition == Partition(Label(), Volume.AUXILIARY)
    assert documents["i2:1"].partition == Partition(INFORMANT, Volume.MAIN)
    assert documents["c1:0"].partition == Partition(Label(), Volume.MAIN)


def test_an_entry_is_not_raised_by_its_items() -> None:
    assert all_documents()["c1:0"].level == "1"
    assert "举报信" not in repr(all_documents()["c1:0"])


def test_pages_carry_the_tokens_of_their_item_and_entries_those_of_the_case() -> None:
    documents = all_documents()
    assert documents["i1:1"].tokens == {"case:c1"}
    assert documents["c1:0"].tokens == {"entry:d1"}


def test_names_stand_in_entries_of_their_own_for_who_may_read_the_case() -> None:
    documents = all_documents()
    named = [page_id for page_id, d in documents.items() if "张演示" in d.text.replace(CASE.title, "")]
    assert named == ["c1:persons:1"]
    assert documents["c1:persons:1"].tokens == documents["c1:persons:1+informant"].tokens == {"content:d1"}
    assert documents["c1:persons:1+informant"].text == "钱演示"


def test_no_name_is_said_of_a_document_or_stored() -> None:
    for document in all_documents().values():
        again = PageDocument.from_stored(document.stored())
        assert "钱演示" not in document.about
        assert (again.names, again.parties) == ((), ())


def test_the_last_page_has_no_tail() -> None:
    documents = all_documents()
    assert documents["i1:1"].tail == "第二页"
    assert documents["i1:2"].tail == documents["i1:0"].tail == ""


def test_what_is_stored_comes_back_without_the_tokens() -> None:
    for document in all_documents().values():
        again = PageDocument.from_stored(document.stored())
        assert again.tokens == frozenset()
        assert again.page_end == document.page_end
        assert (again.order, again.about, again.titles) == (document.order, document.about, document.titles)


def test_orders_put_pages_in_reading_order_and_the_undated_last() -> None:
    item = ItemFacts("i", 1, "题名")
    documents = list(documents_of(CASE, [(item, [str(n) for n in range(12)])]))
    pages = [document for document in documents if document.page]
    assert sorted(pages, key=lambda d: d.order) == pages
    dated = documents[0]
    assert dated.order_by_date < pages[0].order_by_date
    assert dated.order_by_newest < pages[0].order_by_newest


def test_no_term_runs_from_one_value_into_the_next() -> None:
    assert words("采", "", "砂") == "采；砂"


def test_halves_of_characters_from_a_broken_text_layer_do_no_harm() -> None:
    page = list(documents_of(CASE, [(ITEM, ["采\ud800砂"])]))[-1]
    assert page.text == "采?砂"
    assert PageDocument.from_stored(page.stored()).text == page.text
