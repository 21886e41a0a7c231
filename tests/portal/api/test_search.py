"""Search as JSON: the same answers as the page, for the same persons, and problems in Chinese."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from portal.api.description import DESCRIPTION, PARAMETERS, SEARCH_RESULT
from tests.portal.conftest import log_in

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from tests.portal.reading import Library

SEARCHERS = ("archivist", "handler", "leader", "other_handler", "reviewer")
QUERIES = (
    {"q": "采砂"},
    {"q": "当事人 OR Statement", "sort": "date"},
    {"q": "当事人:张演示"},
    {"q": "张演示"},
    {"q": "许可证 -采砂"},
    {"q": "行洪断面", "document_type": "site_inspection_record"},
    {"q": "当事人未经许可怎么处罚？"},
    {"q": "当事人 OR 另有 OR 立即", "page": "2", "sort": "archival_code"},
    {"q": "没有这样的文字"},
)


def problem(answer: TestResponse, code: int) -> str:
    assert answer.status_code == code, answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.json is not None
    assert answer.json["status"] == code
    detail = str(answer.json["detail"])
    assert re.search(r"[\u4e00-\u9fff].*。$", detail)
    return detail


def test_who_is_not_known_is_refused(library_app: Flask) -> None:
    client = library_app.test_client()
    paths = ("/api/v1/search?q=采砂", "/api/v1/openapi.json", "/api/v1/nothing", "/api/")
    for path in paths:
        assert client.get(path).headers["Location"] == "/login"
    for headers in ({"Authorization": "Bearer x"}, {"Authorization": "Bearer "}, {"Authorization": "Basic eDp4"}):
        for path in paths:
            answer = client.get(path, headers=headers)
            assert "令牌" in problem(answer, 401)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("who", ["party", "legal", "sysadmin", "secadmin", "auditor"])
def test_offices_without_search_get_the_answer_of_nothing(library_app: Flask, who: str) -> None:
    problem(log_in(library_app, who).get("/api/v1/search?q=采砂"), 404)


def test_a_token_opens_search_and_nothing_else(library: Library, library_app: Flask) -> None:
    world = library.world
    day = world.opened.desk.today() + timedelta(days=1)
    token = world.opened.services.tokens.make(world.actor("archivist"), "演示程序", day)
    client, headers = library_app.test_client(), {"Authorization": f"Bearer {token}"}
    for path in ("/", "/search/?q=采砂", f"/items/{library.book}", f"/cases/{library.case_id}", "/account/tokens"):
        answer = client.get(path, headers=headers)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/login"), path
    answer = client.get("/api/v1/search?q=采砂", headers=headers)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert answer.json == log_in(library_app, "archivist").get("/api/v1/search?q=采砂").json
    assert client.get("/api/v1/search?q=采砂").status_code == 302


@pytest.mark.parametrize(
    "said",
    [
        {"q": "((("},
        {"q": ""},
        {},
        {"q": "采砂", "page": "0"},
        {"q": "采砂", "page": "-1"},
        {"q": "采砂", "page": "x"},
        {"q": "采砂", "page": "９"},
        {"q": "采砂", "page": "999999999"},
        {"q": "采砂", "size": "101"},
        {"q": "采砂", "size": "1e1"},
        {"q": "采砂", "sort": "score"},
        {"q": "采砂", "colour": "red"},
        {"q": "采砂", "q2": "x" * 5000},
    ],
)
def test_what_cannot_be_read_is_a_problem_with_a_sentence(library_app: Flask, said: dict[str, str]) -> None:
    problem(log_in(library_app, "archivist").get("/api/v1/search", query_string=said), 422)


@pytest.mark.parametrize("who", SEARCHERS)
def test_page_and_api_tell_the_same(library_app: Flask, who: str) -> None:
    client = log_in(library_app, who)
    for said in QUERIES:
        answer = client.get("/api/v1/search", query_string=said)
        assert answer.status_code == 200
        assert answer.json is not None
        text = client.get("/search/", query_string=said).text
        assert told_by(text) == told_in(answer.json), (who, said)


def told_by(text: str) -> dict[str, Any]:
    """What a reader of the page learns: the count, the hits in order with their extracts, and counts of facets."""
    total = re.search(r"共 <strong>(\d+)</strong> 处", text)
    assert total
    body = text.partition('<div class="found-hits"')[2].partition("<aside")[0]
    page = r'<a href="([^"]*)"[^>]*><strong>第 (\d+) 页</strong> <span class="excerpt">(.*?)</span>\s*</a>'
    hits = re.findall(page, body, re.DOTALL)
    entries = re.findall(r'<span class="tag">案卷信息</span> (.*?)</p>', body, re.DOTALL)
    facets = re.findall(r'<li><a href="([^"]*)">([^<]*)</a><span class="num quiet">(\d+)</span></li>', text)
    return {
        "total": int(total[1]),
        "cases": re.findall(r'<a href="/cases/(\w+)"[^>]*>[^<]+</a></h2>', body),
        "pages": [
            (urlsplit(unescape(href)).path.rsplit("/", 1)[1], int(page), _plain(cut)) for href, page, cut in hits
        ],
        "entries": [_plain(entry) for entry in entries],
        "facets": sorted((title, int(count)) for _, title, count in facets),
        "links": all(parse_qs(urlsplit(unescape(href)).query)["page"] == [page] for href, page, _ in hits),
    }


def told_in(answer: dict[str, Any]) -> dict[str, Any]:
    """The same of the API's answer; the page leaves out facets that would change nothing."""
    items = [item for case in answer["cases"] for item in case["items"]]
    rows = [facet for facet in answer["facets"].values() if len(facet) > 1]
    return {
        "total": answer["total"],
        "cases": [case["id"] for case in answer["cases"]],
        "pages": [(item["id"], page["page"], _marked(page)) for item in items for page in item["pages"]],
        "entries": [_marked(entry) for case in answer["cases"] for entry in case["entries"]],
        "facets": sorted((value["title"], value["count"]) for facet in rows for value in facet),
        "links": True,
    }


def _plain(cut: str) -> str:
    return "".join(unescape(re.sub(r"</?mark>", "|", cut)).replace("…", "").split())


def _marked(excerpt: dict[str, Any]) -> str:
    text, told, at = excerpt["text"], "", 0
    for start, end in excerpt["marks"]:
        told += f"{text[at:start]}|{text[start:end]}|"
        at = end
    return "".join((told + text[at:]).replace("…", "").split())


@pytest.mark.parametrize("who", ["other_handler", "reviewer"])
def test_who_has_no_reach_learns_nothing(library: Library, library_app: Flask, who: str) -> None:
    answer = log_in(library_app, who).get("/api/v1/search?q=采砂")
    assert answer.json is not None
    assert (answer.json["total"], answer.json["cases"]) == (0, [])
    assert not any(answer.json["facets"].values())
    assert library.case_id not in answer.text


def check(value: Any, schema: dict[str, Any]) -> None:  # noqa: ANN401 - JSON
    """A small reading of JSON Schema: what the description uses of it."""
    if "anyOf" in schema:
        assert any(_fits(value, one) for one in schema["anyOf"]), (value, schema)
        return
    kinds = schema.get("type", [])
    known = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}
    allowed = [known[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    assert not allowed or type(value) in allowed, (value, schema)
    assert value in schema.get("enum", [value])
    if isinstance(value, dict):
        properties, more = schema.get("properties", {}), schema.get("additionalProperties")
        assert set(schema.get("required", [])) <= set(value)
        for name, inner in value.items():
            assert name in properties or isinstance(more, dict), name
            check(inner, properties.get(name, more))
    if isinstance(value, list):
        for inner in value:
            check(inner, schema["items"])


def _fits(value: Any, schema: dict[str, Any]) -> bool:  # noqa: ANN401 - JSON
    try:
        check(value, schema)
    except AssertionError:
        return False
    return True


def test_answers_are_as_described(library_app: Flask) -> None:
    client = log_in(library_app, "archivist")
    for said in QUERIES:
        answer = client.get("/api/v1/search", query_string=said).json
        check(answer, SEARCH_RESULT)
    broken = client.get("/api/v1/search?q=采砂").json
    assert broken is not None
    broken["cases"][0]["score"] = 1.0
    assert not _fits(broken, SEARCH_RESULT)


def test_the_description_names_every_parameter_and_is_served(library_app: Flask) -> None:
    served = log_in(library_app, "archivist").get("/api/v1/openapi.json").json
    assert served == DESCRIPTION
    assert served["openapi"].startswith("3.1")
    described = served["paths"]["/api/v1/search"]["get"]
    assert [one["name"] for one in described["parameters"]] == list(PARAMETERS)
    assert set(described["responses"]) == {"200", "401", "404", "422", "503"}
    for path in served["paths"]:
        assert any(rule.rule == path for rule in library_app.url_map.iter_rules())
