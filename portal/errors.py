"""From errors to answers: the one place where HTTP codes are chosen.

What does not exist, what one may not see, and what one's office may not do have the same answer.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from flask import current_app, g, jsonify, render_template, request
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from archive_store.errors import (
    ArchiveError,
    ConflictError,
    IntegrityError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from portal.access import API, note_denial

if TYPE_CHECKING:
    from flask import Flask, Response

log = logging.getLogger(__name__)
CODES: dict[type[ArchiveError], int] = {
    NotFoundError: 404,
    RefusedError: 409,
    InvalidInputError: 422,
    ConflictError: 409,
    IntegrityError: 500,
    UnavailableError: 503,
}
SENTENCES = {
    400: "请求的内容不完整或格式不对。您填写的内容没有丢失，请返回上一页核对后重试。",
    401: "访问令牌无效、已到期或已作废。请在“访问令牌”页面签发新的令牌。",
    404: NotFoundError().message,
    413: "文件超过允许的大小，没有保存。请分成较小的文件再上传。",
    429: "操作过于频繁，请稍候再试。",
    500: "系统出现故障，您刚才的操作没有保存。请稍后重试；若再次出现，请把时间告诉系统管理员。",
    503: "所需的部件暂时没有应答，内容没有丢失。请稍后重试。",
}

"""Below it errors are problems in JSON (RFC 9457)."""
TITLES = {
    401: "需要登录",
    404: "没有找到",
    409: "现在不能这样做",
    422: "请核对填写的内容",
    413: "文件过大",
    429: "请稍候",
    503: "请稍后重试",
}
STALE_FORM = "页面停留过久，为安全起见请刷新页面后重新提交。"


def install(app: Flask) -> None:
    """Have every error answered by one page."""
    app.register_error_handler(ArchiveError, _archive)
    app.register_error_handler(CSRFError, lambda _error: _page(400, STALE_FORM))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(500, lambda _error: _page(500, SENTENCES[500]))


def code_of(error: ArchiveError) -> int:
    """The HTTP code of an error of the archive."""
    return next((code for kind, code in CODES.items() if isinstance(error, kind)), 400)


def _archive(error: ArchiveError) -> tuple[str | Response, int]:
    code = code_of(error)
    if code == 404:  # noqa: PLR2004 - the code itself
        return _nothing()
    if code >= 500:  # noqa: PLR2004 - ours to mend, so whoever runs it is told where it arose
        log.warning("a part that is needed failed", exc_info=error)
    return _page(code, error.message)


def _http(error: HTTPException) -> tuple[str | Response, int] | HTTPException:
    code = error.code or 500
    if code < 400:  # noqa: PLR2004 - a redirect is no error
        return error
    if code in (403, 404, 405):
        return _nothing()
    return _page(code, SENTENCES.get(code, SENTENCES[400]))


def _nothing() -> tuple[str | Response, int]:
    """The one answer for what does not exist, may not be seen, or is not of the person's office; it is an event.

    It leaves at a whole multiple of a fixed time: to look up what is hidden takes longer than to miss what is absent.
    """
    note_denial()
    page = _page(404, SENTENCES[404])
    step = current_app.extensions["anjuan.settings"].denial_step_ms / 1000
    if step and current_user.is_authenticated:
        time.sleep(step - (time.perf_counter() - g.begun) % step)
    return page


def _page(code: int, sentence: str) -> tuple[str | Response, int]:
    if request.path.startswith(API):
        problem = jsonify(type="about:blank", title=TITLES.get(code, "出错了"), status=code, detail=sentence)
        problem.mimetype = "application/problem+json"
        if code == 401:  # noqa: PLR2004 - the code itself
            problem.headers["WWW-Authenticate"] = 'Bearer realm="anjuan"'
        return problem, code
    if request.accept_mimetypes.best == "application/json":  # a script of ours shows the sentence where it is
        return jsonify(message=sentence), code
    return render_template("error.html", title=TITLES.get(code, "出错了"), sentence=sentence), code
