"""Texts for benchmarks: the real ones of ANJUAN_CORPUS, or some that are made up where it is not set."""

from __future__ import annotations

import os
import random
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ARCHIVE = "laws.tar.xz"
LONGEST = 3
"""So many of the longest texts are always among the chosen."""
WORDS = ("应当", "规定", "处罚", "许可", "部门", "采砂", "取水", "水资源", "罚款", "申请", "违法行为", "行政复议")
MADE_UP_PARAGRAPHS = 40


@dataclass(frozen=True, slots=True)
class Text:
    """A text with its name, as Markdown."""

    name: str
    text: str

    @property
    def title(self) -> str:
        """Its first heading, or its name."""
        first = next((line for line in self.text.splitlines() if line.startswith("# ")), "")
        return first.removeprefix("# ").strip()[:300] or self.name

    def parts(self) -> list[dict[str, Any]]:
        """Headings, paragraphs and tables, as data for a template."""
        found: list[dict[str, Any]] = []
        for line in self.text.splitlines():
            words = line.strip()
            if words.startswith("|"):
                _add_row(found, [cell.strip() for cell in words.strip("|").split("|")])
            elif words.startswith("#"):
                found.append({"kind": "heading", "text": words.lstrip("# ")})
            elif words and not words.startswith("<!--"):
                found.append({"kind": "paragraph", "text": words})
        return found


def _add_row(found: list[dict[str, Any]], cells: list[str]) -> None:
    """A row of a table; the line of dashes below the head says nothing."""
    if all(set(cell) <= set(":- ") for cell in cells):
        return
    if not found or found[-1]["kind"] != "table":
        found.append({"kind": "table", "columns": len(cells), "cells": []})
    width = found[-1]["columns"]
    found[-1]["cells"] += (cells + [""] * width)[:width]


def choose(count: int) -> tuple[str, list[Text]]:
    """So many texts, spread evenly over the corpus, the longest among them; and where they come from."""
    corpus = os.environ.get("ANJUAN_CORPUS")
    if not corpus:
        return "made up", [*_made_up(count)]
    every = sorted(_real(Path(corpus)), key=lambda text: text.name)
    longest = sorted(every, key=lambda text: len(text.text))[-min(LONGEST, count) :]
    rest = [text for text in every if text not in longest]
    spread = [rest[n * len(rest) // max(count - len(longest), 1)] for n in range(min(count, len(every)) - len(longest))]
    return "laws", [*longest, *spread]


def _real(folder: Path) -> Iterator[Text]:
    if not (folder / ARCHIVE).is_file():
        for path in folder.rglob("*.md"):
            yield Text(path.stem, path.read_text(encoding="utf-8", errors="replace"))
        return
    with tarfile.open(folder / ARCHIVE) as archive:
        for member in archive:
            name = PurePosixPath(member.name)
            if name.suffix == ".md" and name.stem != "_index" and (data := archive.extractfile(member)):
                yield Text(name.stem, data.read().decode("utf-8", errors="replace"))


def _made_up(count: int) -> Iterator[Text]:
    draw = random.Random(3)  # noqa: S311 - repeatable
    for n in range(count):
        lines = ["".join(draw.choices(WORDS, k=60)) + "。" for _ in range(MADE_UP_PARAGRAPHS)]
        yield Text(
            f"演示文本{n + 1}",
            "\n\n".join([f"# 演示文本{n + 1}", "| 项目 | 内容 |\n| --- | --- |\n| 一 | 𠮷 |", *lines]),
        )
