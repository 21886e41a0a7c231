"""Corrections of the text of pages: kept apart from the sealed object, encrypted, and laid over what was read.

A correction is an annotation by a person with its time; a later one, or its withdrawal, ends it and takes nothing away.
Each character of a corrected text keeps its place on the image: what stayed has its own box, what was put in the place
of something else has the box around that.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import select

from archive_store.errors import IntegrityError, InvalidInputError
from archive_store.models.corrections import PageCorrection
from archive_store.parsing.documents import PageText

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from archive_store.private_fields import FieldSeal
    from archive_store.unit_of_work import Database

LONGEST = 10_000
"""Characters of one page."""
MOST_COMPARED = 4_000_000
"""Characters of one text times those of the other, where they differ; beyond it the places are not looked for."""
UNREADABLE = "页面文字校正的加密内容校验不通过，请联系系统管理员。"
Box: TypeAlias = "tuple[float, float, float, float] | None"


@dataclass(frozen=True, slots=True)
class CorrectedText(PageText):
    """The text of a page as a person corrected it; it may be empty, where nothing is written on the page."""


class Corrections:
    """Reads and writes corrections; the words are sealed for their page."""

    def __init__(self, database: Database, seal: FieldSeal) -> None:
        self._database = database
        self._seal = seal

    def of(self, file_id: str) -> dict[int, str]:
        """The corrected texts of a file by page, those in force.

        Raises:
            IntegrityError: what is kept was changed.
        """
        with self._database.read() as session:
            return {row.page: self.text(row) for row in session.scalars(_in_force(file_id))}

    def on(self, file_id: str, page: int) -> str | None:
        """The corrected text of one page, if one is in force; errors as for `of`."""
        with self._database.read() as session:
            row = session.scalars(_in_force(file_id).where(PageCorrection.page == page)).first()
            return self.text(row) if row else None

    def text(self, row: PageCorrection) -> str:
        """The words of a correction.

        Raises:
            IntegrityError: what is kept was changed.
        """
        try:
            return self._seal.open_bytes(_owner(row.file_id, row.page), row.sealed_text).decode()
        except IntegrityError as error:
            raise IntegrityError(UNREADABLE) from error

    def put(self, session: Session, file_id: str, page: int, text: str, by: str, moment: datetime) -> PageCorrection:
        """Have a text stand for a page from now on."""
        self.end(session, file_id, page, by, moment)
        row = PageCorrection(file_id=file_id, page=page, made_by=by, made_at=moment)
        row.sealed_text = self._seal.seal_bytes(_owner(file_id, page), text.encode())
        session.add(row)
        session.flush()
        return row

    def end(self, session: Session, file_id: str, page: int, by: str, moment: datetime) -> PageCorrection | None:
        """Have the text stand again that was read from the page; gives the correction that was in force."""
        row = session.scalars(_in_force(file_id).where(PageCorrection.page == page)).first()
        if row is not None:
            row.ended_at, row.ended_by = moment, by
            session.flush()
        return row


def _in_force(file_id: str) -> Select[PageCorrection]:
    return select(PageCorrection).where(PageCorrection.file_id == file_id, PageCorrection.ended_at.is_(None))


def history(session: Session, file_id: str, page: int) -> Sequence[PageCorrection]:
    """All corrections of a page, the latest first."""
    asked = select(PageCorrection).where(PageCorrection.file_id == file_id, PageCorrection.page == page)
    return session.scalars(asked.order_by(PageCorrection.made_at.desc(), PageCorrection.id)).all()


def tidy(text: str) -> str:
    """A text as it is shown: one sign ends a line, no blanks before it, no empty line at the beginning or the end."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return "\n".join(lines).strip("\n")


def cleaned(text: str) -> str:
    """A text as it is kept: tidy.

    Raises:
        InvalidInputError: it is too long, or holds signs that are no writing.
    """
    kept = tidy(text)
    if len(kept) > LONGEST:
        raise InvalidInputError(f"一页的文字不超过 {LONGEST} 字。", "text")
    if not all(sign.isprintable() or sign in "\n\t\u3000" for sign in kept):
        raise InvalidInputError("文字中含有无法保存的控制字符，请删除后重试。", "text")
    return kept


def laid_over(read: PageText, text: str) -> CorrectedText:
    """A corrected text with the places of what was read from the page."""
    boxes: list[Box] = [None] * len(text)
    for read_from, read_to, own_from, own_to in _blocks(read.text, text):
        if read_to - read_from == own_to - own_from:
            boxes[own_from:own_to] = read.boxes[read_from:read_to]
        else:
            boxes[own_from:own_to] = [_around(read.boxes[read_from:read_to])] * (own_to - own_from)
    return CorrectedText(text, tuple(boxes))


def _blocks(read: str, own: str) -> Iterable[tuple[int, int, int, int]]:
    """Which stretch of what was read each stretch of a text stands for: the same, or in the place of it."""
    head = _common(read, own)
    tail = _common(read[head:][::-1], own[head:][::-1])
    read_end, own_end = len(read) - tail, len(own) - tail
    yield 0, head, 0, head
    if (read_end - head) * (own_end - head) <= MOST_COMPARED:
        found = SequenceMatcher(None, read[head:read_end], own[head:own_end], autojunk=False)
        for _, read_from, read_to, own_from, own_to in found.get_opcodes():
            yield head + read_from, head + read_to, head + own_from, head + own_to
    yield read_end, len(read), own_end, len(own)


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (mine, theirs) in pairs if mine != theirs), min(len(one), len(other)))


def _around(boxes: Iterable[Box]) -> Box:
    drawn = [box for box in boxes if box]
    if not drawn:
        return None
    lefts, tops, rights, bottoms = zip(*drawn, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _owner(file_id: str, page: int) -> str:
    return f"page-text:{file_id}:{page}"
