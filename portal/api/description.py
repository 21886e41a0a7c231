"""The description of the API in OpenAPI 3.1."""

from __future__ import annotations

from typing import Any

from portal.services.search import FACET_TITLES, PAGE_SIZE, SORTS

PARAMETERS = ("q", "page", "size", "sort", *FACET_TITLES)
"""What a search takes."""
_TEXT, _WHOLE = {"type": "string"}, {"type": "integer"}
_MARKS = {"type": "array", "items": {"type": "array", "items": _WHOLE, "minItems": 2, "maxItems": 2}}


def _object(**properties: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """An object that has all of these and nothing else."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


_EXCERPT = _object(text=_TEXT, marks=_MARKS)
_SECOND = {"type": ["integer", "null"], "description": "录音录像中这句话开始的秒数；其他文件为 null"}
_PAGE = _object(page=_WHOLE, second=_SECOND, text=_TEXT, marks=_MARKS)
_ITEM = _object(
    id=_TEXT,
    number=_WHOLE,
    title=_TEXT,
    date={"type": ["string", "null"], "format": "date"},
    level=_TEXT,
    marks=_list(_TEXT),
    volume={"type": "string", "enum": ["main", "auxiliary"]},
    late=_list(_TEXT),
    has_pages={"type": "boolean"},
    entry={"anyOf": [_EXCERPT, {"type": "null"}]},
    pages=_list(_PAGE),
)
_CASE = _object(
    id=_TEXT, archival_code=_TEXT, case_number=_TEXT, title=_TEXT, entries=_list(_EXCERPT), items=_list(_ITEM)
)
_VALUE = _object(value=_TEXT, title=_TEXT, count=_WHOLE)
_OTHER_WAY = _object(query=_TEXT, without_filters={"type": "boolean"}, total=_WHOLE)
SEARCH_RESULT = _object(
    query=_TEXT,
    sort={"type": "string", "enum": list(SORTS)},
    page=_WHOLE,
    size=_WHOLE,
    total=_WHOLE,
    as_question={"type": "boolean", "description": "没有完全相符的，以下是部分相符的"},
    facets={"type": "object", "additionalProperties": _list(_VALUE)},
    cases=_list(_CASE),
    did_you_mean=_list(_OTHER_WAY),
)
PROBLEM = {
    "type": "object",
    "properties": {"type": _TEXT, "title": _TEXT, "status": _WHOLE, "detail": _TEXT},
    "required": ["type", "title", "status", "detail"],
}


def _query(name: str, says: str, schema: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "description": says, "schema": schema}


def _problem(says: str) -> dict[str, Any]:
    return {"description": says, "content": {"application/problem+json": {"schema": {"$ref": _ref("Problem")}}}}


def _ref(name: str) -> str:
    return f"#/components/schemas/{name}"


DESCRIPTION: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "案卷检索接口",
        "version": "1",
        "description": "与检索页面使用同一服务、同一权限、同一结果。登录后的浏览器可以直接访问；程序使用访问令牌。",
    },
    "paths": {
        "/api/v1/search": {
            "get": {
                "operationId": "search",
                "summary": "检索",
                "security": [{"token": []}, {"session": []}],
                "parameters": [
                    _query("q", "检索内容，写法与检索框相同", _TEXT, required=True),
                    _query("page", "第几页，从 1 起", {"type": "integer", "minimum": 1, "default": 1}),
                    _query("size", "每页条数", {"type": "integer", "minimum": 1, "maximum": 100, "default": PAGE_SIZE}),
                    _query("sort", "；".join(f"{k} {v}" for k, v in SORTS.items()), {"enum": list(SORTS)}),
                    *(_query(name, f"按{title}筛选，可重复", _list(_TEXT)) for name, title in FACET_TITLES.items()),
                ],
                "responses": {
                    "200": {
                        "description": "检索结果",
                        "content": {"application/json": {"schema": {"$ref": _ref("SearchResult")}}},
                    },
                    "401": _problem("令牌无效、已到期、已作废"),
                    "404": _problem("检索不在您的职责之内"),
                    "422": _problem("检索内容或参数看不懂，说明里有正确的写法"),
                    "503": _problem("索引暂时没有应答"),
                },
            }
        },
        "/api/v1/openapi.json": {
            "get": {
                "operationId": "description",
                "summary": "本说明",
                "security": [{"token": []}, {"session": []}],
                "responses": {"200": {"description": "OpenAPI 3.1", "content": {"application/json": {}}}},
            }
        },
    },
    "components": {
        "schemas": {"SearchResult": SEARCH_RESULT, "Problem": PROBLEM},
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer", "description": "在“访问令牌”页面签发"},
            "session": {"type": "apiKey", "in": "cookie", "name": "__Host-anjuan"},
        },
    },
}
