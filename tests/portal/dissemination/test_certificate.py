"""The certificate says what the manifest says, in words that people and telephones can read."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from portal.dissemination.certificate import certificate_pdf, look_up_address
from portal.dissemination.release import OfficeStep, in_groups
from tests import services
from tests.portal.dissemination.conftest import DAY, NUMBER, Made, order_for, prepare

if TYPE_CHECKING:
    from pathlib import Path

    from portal.dissemination.release import CopyManifest


def text_of(manifest: CopyManifest, folder: Path) -> str:
    program = services.need_program("pdftotext", "poppler-utils")
    path = folder / "certificate.pdf"
    path.write_bytes(certificate_pdf(manifest))
    said = subprocess.run([program, "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
    return "".join(said.split())


@pytest.mark.parametrize("title", ["#panic()", "*粗* $x$ _y_", '"引"\\n', "= 标题 <a> @b", "张𠮷的笔录"])
def test_titles_are_never_read_as_markup(title: str, made: Made, tmp_path: Path) -> None:
    item = made.manifest.release.items[0].model_copy(update={"title": title})
    release = made.manifest.release.model_copy(update={"items": (item,)})
    said = text_of(made.manifest.model_copy(update={"release": release}), tmp_path)
    assert "".join(title.replace("𠮷", "〔U+20BB7〕").split()) in said


def test_everything_that_the_recipient_must_know_is_there(made: Made, tmp_path: Path) -> None:
    said = text_of(made.manifest, tmp_path)
    wanted = [NUMBER, "张演示", "J001-XZZF·2025-Y30-ZF-0012", "遮盖后提供", "不予提供", "依据3：1处；依据4：1处"]
    wanted += ["个人隐私", "投诉人、举报人信息", "《办法》第三十条", "主管领导", "2025年5月9日", "演示市水务局"]
    wanted += [in_groups(made.manifest.check_code).replace(" ", ""), made.manifest.approved_sha256[:32]]
    assert [words for words in wanted if words not in said] == []


def test_demonstration_is_said_on_every_page(made: Made, tmp_path: Path) -> None:
    offices = tuple(OfficeStep(office="档案管理员", act=f"办理{n}", on=DAY) for n in range(120))
    many = made.manifest.model_copy(update={"offices": offices})
    said = text_of(many, tmp_path)
    assert said.count("演示证书，不具法律效力") >= 3
    assert [n for n in range(120) if f"办理{n}" not in said] == []


def test_an_earnest_copy_says_nothing_of_demonstration(made: Made, tmp_path: Path) -> None:
    said = text_of(made.manifest.model_copy(update={"demonstration": False, "bureau": "某市水务局"}), tmp_path)
    assert "演示证书" not in said
    assert "演示专用章" not in said


def test_a_telephone_reads_the_address(made: Made, tmp_path: Path) -> None:
    zbar = services.need_program("zbarimg", "zbar-tools")
    poppler = services.need_program("pdftoppm", "poppler-utils")
    path = tmp_path / "certificate.pdf"
    path.write_bytes(certificate_pdf(made.manifest))
    subprocess.run([poppler, "-r", "100", "-png", path, tmp_path / "page"], check=True)
    image = next(tmp_path.glob("page*.png"))
    read = subprocess.run([zbar, "--raw", "-q", image], capture_output=True, text=True, check=True).stdout.strip()
    assert read == look_up_address(made.manifest)
    assert made.manifest.check_code in read


def test_long_names_do_not_break_the_page(made: Made, tmp_path: Path) -> None:
    long = made.manifest.model_copy(update={"bureau": "演示省演示市演示自治县水利和生态环境综合行政执法局" * 2})
    assert "演示自治县" in text_of(long, tmp_path)


def test_an_order_without_anything_covered_has_no_table_of_grounds(tmp_path: Path, made: Made) -> None:
    release = order_for(prepare(tmp_path / "pages", (1,))).release
    said = text_of(made.manifest.model_copy(update={"release": release}), tmp_path)
    assert "遮盖、不予提供的依据" not in said
    assert "二、办理经过" in said
