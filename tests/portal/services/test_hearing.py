"""Speech: a program that the installation names hears recordings that nobody wrote down; it sees nothing else."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from archive_store.derivatives import Kind
from archive_store.errors import InvalidInputError
from archive_store.models.cases import Item
from archive_store.models.derivatives import DerivativeState, SpeechDerivative
from archive_store.parsing.sandbox import Isolation, choose
from archive_store.speech import FAILED, SpeechFailedError, SpeechProgram
from portal.config import Profile, load_settings
from portal.demonstration.recordings import film
from portal.wiring import Installation
from portal.worker import Worker
from tests.portal.conftest import World, copy_of, log_in, make_app, pools
from tests.portal.recorded import recording, seal_items
from tests.services import need, need_program

if TYPE_CHECKING:
    from collections.abc import Iterator

from PIL import Image

LISTENER = Path(__file__).parents[1] / "listener.py"
MODEL = Path(str(find_spec("pocketsphinx").origin)).parent / "model" / "en-us"  # type: ignore[union-attr]
LINE = f"{sys.executable} {LISTENER} {{model}} {{sound}}"
SAID = "stop the boat and show me your permit"


def spoken(path: Path, text: str) -> bytes:
    """A voice that says something, by espeak-ng."""
    program = need_program("espeak-ng", "espeak-ng")
    subprocess.run([program, "-v", "en-us", "-s", "150", "-w", path, text], check=True)
    return path.read_bytes()


@pytest.fixture(scope="module")
def sealed(
    prepared: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, str], dict[str, str]]:
    """A sealed case with a voice, a film that nobody speaks in, and a sound with a transcript; nothing is heard yet."""
    folder = tmp_path_factory.mktemp("voices")
    with copy_of(*prepared, folder / "data") as world:
        files = {
            "1.wav": spoken(folder / "said.wav", SAID),
            "2.mp4": film(Image.new("RGB", (320, 240), "green"), 2, 440),
            "3.wav": spoken(folder / "said.wav", SAID + " river"),
            "3.vtt": "WEBVTT\n\n00:00.000 --> 00:09.000\n本人写下的话\n".encode(),
        }
        written = {"file": "3.vtt", "made_by": "承办演示甲"}
        items = [
            recording("1.wav", "谈话"),
            recording("2.mp4", "现场"),
            recording("3.wav", "询问", rendition=written),
        ]
        case_id, ids = seal_items(world, folder / "case", "演水检〔2026〕9号", files, items)
    return folder / "data", world.ids, ids | {"case": case_id}


@pytest.fixture
def hearing(
    sealed: tuple[Path, dict[str, str], dict[str, str]], tmp_path: Path
) -> Iterator[tuple[World, dict[str, str]]]:
    """The installation with a program named from now on."""
    data, people, ids = sealed
    with copy_of(data, people, tmp_path / "data"):
        pass
    settings = load_settings(
        tmp_path / "data", profile=Profile.DEMONSTRATION, denial_step_ms=0, speech_program=LINE, speech_model=MODEL
    )
    with Installation(settings, pools()) as opened:
        yield World(opened, people), ids


def work(world: World) -> None:
    world.opened.sweep()
    Worker(world.opened).run_until_idle()


def pages(world: World, query: str) -> list[str]:
    search = world.opened.services.search
    found = search.search(world.actor("archivist"), search.asked(query, {}, "relevance", 0, 20))
    return [item.document.item_title for case in found.cases for item in case.items if item.pages]


def test_what_is_said_in_a_recording_is_found_and_said_to_be_recognised(
    hearing: tuple[World, dict[str, str]],
) -> None:
    world, ids = hearing
    assert pages(world, "boat") == []
    work(world)
    assert pages(world, "boat") == ["谈话"]
    client = log_in(make_app(world.opened), "archivist")
    page = client.get(f"/items/{ids['谈话']}/play?q=boat").text
    assert "由程序自动识别，可能有误" in page
    assert "<mark>boat</mark>" in page
    assert "/play?q=boat&amp;t=" in client.get("/search/?q=boat").text
    written = client.get(f"/items/{ids['询问']}/play").text
    assert "本人写下的话" in written
    assert "由程序自动识别" not in written
    assert ("语音识别", "1 / 2 件，1 件不能识别") in world.opened.services.hearing.state()


def test_where_nobody_speaks_it_is_marked_once_and_the_rest_goes_on(hearing: tuple[World, dict[str, str]]) -> None:
    world, ids = hearing
    work(world)
    work(world)
    told = world.opened.services.recognition
    with world.opened.database.read() as session:
        states = sorted(row.state for row in session.scalars(select(SpeechDerivative)))
    assert states == [DerivativeState.FAILED, DerivativeState.READY]
    failures = told.of_case(world.actor("archivist"), ids["case"]).failures
    assert [failure.item_number for failure in failures] == [2]


def test_what_was_heard_is_thrown_away_and_heard_again(hearing: tuple[World, dict[str, str]]) -> None:
    world, ids = hearing
    work(world)
    with world.opened.database.read() as session:
        file_id = session.get_one(Item, ids["谈话"]).files[0].id
    world.opened.derivatives.remove(Kind.WORDS, file_id)
    work(world)
    assert pages(world, "boat") == ["谈话"]


def test_nothing_is_heard_without_a_program(
    sealed: tuple[Path, dict[str, str], dict[str, str]], tmp_path: Path
) -> None:
    data, people, _ = sealed
    with copy_of(data, people, tmp_path / "data") as world:
        work(world)
        assert world.opened.services.hearing.state() == []
        with world.opened.database.read() as session:
            assert session.scalars(select(SpeechDerivative)).all() == []


@pytest.mark.parametrize(
    ("line", "model", "says"),
    [
        ("", None, "找不到"),
        ("no-such-program {sound}", None, "找不到语音识别程序“no-such-program”"),
        ("true", None, "须写明 {sound}"),
        ("true {model} {sound}", None, "模型"),
        ("true {model} {sound}", Path("/no/such/model"), "模型（speech_model）“/no/such/model”不存在"),
        ("true '{sound}", None, "引号"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_in_words(
    line: str, model: Path | None, says: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        SpeechProgram(line, model, tmp_path)
    assert says in refused.value.message


def test_a_program_that_fails_or_says_too_much_gives_nothing(tmp_path: Path) -> None:
    sound = tmp_path / "data" / "sound.wav"
    sound.parent.mkdir()
    sound.write_bytes(b"sound")
    for line in ("false {sound}", "yes {sound}"):
        with pytest.raises(SpeechFailedError, match=FAILED):
            SpeechProgram(line, None, tmp_path / "data").transcribe(sound, 1)
    assert SpeechProgram("cat {sound}", None, tmp_path / "data").transcribe(sound, 1) == b"sound"


def test_the_program_sees_neither_the_data_folder_nor_a_network_nor_other_processes(tmp_path: Path) -> None:
    need("bubblewrap", choose(None).isolation is Isolation.BUBBLEWRAP, "apt-get install bubblewrap")
    data, script = tmp_path / "data", tmp_path / "script.py"
    (data / "keys").mkdir(parents=True)
    (data / "keys" / "field.key").write_bytes(b"secret")
    sound = data / "scratch.wav"
    sound.write_bytes(b"sound")

    def told(*lines: str) -> str:
        script.write_text("\n".join(("import os, socket, sys", *lines)))
        line = f"{sys.executable} {script} {{sound}}"
        return SpeechProgram(line, None, data).transcribe(sound, 1).decode().strip()

    assert told("print(os.listdir(os.path.dirname(sys.argv[1])), open(sys.argv[1]).read())") == "['scratch.wav'] sound"
    assert told("print([name for name in os.listdir('/proc') if name.isdigit()])") == "[]"
    assert told("print([name for _, name in socket.if_nameindex() if name != 'lo'])") == "[]"
    assert told("try: open(sys.argv[1], 'a')", "except OSError as error: print(error.strerror)") == (
        "Read-only file system"
    )
    assert told("print(sorted(set(os.environ) - {'LC_CTYPE', 'PWD'}))") == "['HOME', 'LANG', 'PATH', 'TMPDIR']"
