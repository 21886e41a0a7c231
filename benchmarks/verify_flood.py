"""Whether readers notice a flood of public uploads: `python -m benchmarks.verify_flood --data DIR [--json]`.

DIR is a demonstration archive; it is copied, served, and left alone. An archivist turns pages, alone and then while
many clients upload files to the page 核验复制件 without a pause. Printed: milliseconds of a page image (p50, p95) both
times, and how many uploads were answered or turned away.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING

from benchmarks.serving import fetch, log_in, served

if TYPE_CHECKING:
    from benchmarks.serving import Reader

CLIENTS = 24
LOOKS = 40
FILE_BYTES = 3 * 2**20
ARCHIVIST = "danganyuanjia"


def main() -> None:
    """Serve a copy, look, flood, look again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        shutil.copytree(given.data, data)
        with served(data) as url:
            figures = measure(url, data)
    print(json.dumps(figures) if given.json else "\n".join(f"{name}: {value}" for name, value in figures.items()))


def measure(url: str, data: Path) -> dict[str, object]:
    """Both readings, and what became of the uploads."""
    reader, image = open_page(url, data)
    look(reader, image, 5)
    calm = look(reader, image, LOOKS)
    answers: Counter[int] = Counter()
    stop = threading.Event()
    crowd = [threading.Thread(target=flood, args=(f"{url}/verify/file", answers, stop)) for _ in range(CLIENTS)]
    for one in crowd:
        one.start()
    time.sleep(3)
    flooded = look(reader, image, LOOKS)
    stop.set()
    for one in crowd:
        one.join()
    return {
        "page image alone, p50 and p95 in ms": calm,
        f"page image while {CLIENTS} clients upload, p50 and p95 in ms": flooded,
        "uploads by answer": dict(sorted(answers.items())),
    }


def open_page(url: str, data: Path) -> tuple[Reader, str]:
    """A reader who is logged in, and the address of a page that it may see."""
    accounts = json.loads((data / "demo-accounts.json").read_text(encoding="utf-8"))
    reader = log_in(url, ARCHIVIST, next(row["password"] for row in accounts if row["name"] == ARCHIVIST))
    case = re.findall(r"/cases/[0-9a-f]{32}", fetch(reader, f"{url}/cases/?state=sealed"))[0]
    item = re.findall(r"/items/[0-9a-f]{32}", fetch(reader, url + case))[0]
    return reader, f"{url}{item}/pages/1.jpg"


def look(reader: Reader, image: str, times: int) -> tuple[int, int]:
    """Fetch a page image so often: p50 and p95 in milliseconds."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        assert reader.open(image, timeout=120).read().startswith(b"\xff\xd8")
        taken.append((time.perf_counter() - begun) * 1000)
    cuts = quantiles(taken, n=20)
    return round(cuts[9]), round(cuts[18])


def flood(address: str, answers: Counter[int], stop: threading.Event) -> None:
    """Upload without a pause; what is refused before it was sent whole may also end as a lost connection (0)."""
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.7\n'
    body += bytes(FILE_BYTES) + b"\r\n--x--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    while not stop.is_set():
        try:
            asked = urllib.request.Request(address, body, kind)  # noqa: S310 - our own address
            with urllib.request.urlopen(asked, timeout=120) as answer:  # noqa: S310
                answers[answer.status] += 1
        except urllib.error.HTTPError as refusal:
            answers[refusal.code] += 1
        except OSError:
            answers[0] += 1


if __name__ == "__main__":
    main()
