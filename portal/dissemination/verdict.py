"""The verdict on a file that claims to be a copy: three sentences, and each check with what it means.

Wording after the page "核验复制件". Under a demonstration authority every sentence says that it is one.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from asn1crypto import pem, x509

from archive_store.errors import InvalidInputError
from archive_store.parsing.errors import ParserFailedError, ParserRefusedError
from archive_store.vocabulary import TitledEnum

if TYPE_CHECKING:
    from archive_store.authority import Authority
    from archive_store.parsing.pool import FileSource, ParserPool

VERIFY = "portal.dissemination.verify:check"
LONGEST_SECONDS = 120
DEMONSTRATION = "演示证书，不具法律效力"
SENTENCES = {
    "genuine": "此件由本单位出具，出具后未被改动；除标明遮盖、不予提供处外，与封存件一致",
    "altered": "此件已被改动",
    "unknown": "无法确认",
}


class Verdict(TitledEnum):
    """What can be said of a file; `zh` is the sentence."""

    GENUINE = "genuine", SENTENCES["genuine"]
    ALTERED = "altered", SENTENCES["altered"]
    UNKNOWN = "unknown", SENTENCES["unknown"]


class CheckName(TitledEnum):
    """The checks, in the order in which they are shown."""

    READABLE = "readable", "文件完整可读"
    SIGNED = "signed", "带有出具单位的签名和时间戳"
    ISSUER = "issuer", "签名证书由本单位签发"
    INTACT = "intact", "签名所覆盖的内容未变"
    NOTHING_AFTER = "nothing_after", "时间戳之后没有添加任何内容"
    NO_UPDATE = "no_update", "签名之后没有修改"
    TIME = "time", "出具时间可信，当时证书有效"
    MANIFEST = "manifest", "放行清单完整"
    PAGES = "pages", "页数和每一页图像与放行清单一致"
    NOTHING_ELSE = "nothing_else", "没有夹带其他内容"


MEANINGS = {
    CheckName.READABLE: ("文件是结构完整的 PDF。", "文件不是 PDF、已经损坏或不完整，无法读取。"),
    CheckName.SIGNED: (
        "文件里恰有一个签名和一个时间戳，与本单位出具的形式相同。",
        "没有找到本单位出具复制件所用形式的签名和时间戳。",
    ),
    CheckName.ISSUER: (
        "签名所用证书能够追溯到本单位的根证书。",
        "签名不是用本单位出具复制件的证书作出的。",
    ),
    CheckName.INTACT: (
        "按签名和时间戳重新计算，所覆盖的每个字节都与出具时相同。",
        "按签名或时间戳重新计算，内容与出具时不同。",
    ),
    CheckName.NOTHING_AFTER: (
        "时间戳覆盖到文件的最后一个字节。",
        "时间戳之后又写入了内容，或者时间戳没有覆盖整个文件。",
    ),
    CheckName.NO_UPDATE: (
        "签名禁止任何修改；此后只加入了验证材料和时间戳。",
        "签名之后文件被修改过，或者签名没有禁止修改。",
    ),
    CheckName.TIME: (
        "时间戳由可信的时间戳机构签发，签名证书当时有效、未被吊销。",
        "时间戳不可信，或者签名时证书无效。",
    ),
    CheckName.MANIFEST: (
        "附在文件里的放行清单写法规范，申请编号和校验码齐全。",
        "附在文件里的放行清单缺失，或者不是本单位的写法。",
    ),
    CheckName.PAGES: (
        "逐页重新计算图像摘要，页数和每一页都与放行清单相同。",
        "页数或者某一页的图像与放行清单不同。",
    ),
    CheckName.NOTHING_ELSE: (
        "除证明页、页面图像和放行清单外，没有批注、脚本、其他附件。",
        "文件里有不应出现的批注、脚本、附件或其他内容。",
    ),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One check; `passed` is None where an earlier one made it pointless."""

    name: CheckName
    passed: bool | None

    @property
    def meaning(self) -> str:
        """What its result means, for people."""
        if self.passed is None:
            return "前面的检查没有通过，未进行此项。"
        return MEANINGS[self.name][0 if self.passed else 1]


@dataclass(frozen=True, slots=True)
class CopyFacts:
    """What a genuine copy says of itself; all of it stands in the file that the holder has."""

    request_number: str
    check_code: str
    bureau: str
    recipient: str
    archival_code: str
    made_at: str
    stamped_at: str
    items: int
    pages: int
    signer: str


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict with every check. `facts` is None unless the copy is genuine; `sha256` is that of the whole file."""

    verdict: Verdict
    demonstration: bool
    sha256: str
    checks: tuple[Check, ...] = ()
    facts: CopyFacts | None = field(default=None)

    @property
    def sentence(self) -> str:
        """The verdict in one sentence."""
        return f"{self.verdict.zh}（{DEMONSTRATION}）" if self.demonstration else self.verdict.zh

    def to_json(self) -> dict[str, Any]:
        """As JSON values, with the words for people."""
        return {
            "verdict": str(self.verdict),
            "sentence": self.sentence,
            "demonstration": self.demonstration,
            "sha256": self.sha256,
            "checks": [
                {"name": str(check.name), "title": check.name.zh, "passed": check.passed, "meaning": check.meaning}
                for check in self.checks
            ],
            "facts": asdict(self.facts) if self.facts else None,
        }

    @classmethod
    def from_json(cls, value: Any) -> Report:  # noqa: ANN401 - a JSON value
        """Read back what `to_json` gave."""
        return cls(
            verdict=Verdict(value["verdict"]),
            demonstration=value["demonstration"],
            sha256=value["sha256"],
            checks=tuple(Check(CheckName(check["name"]), check["passed"]) for check in value["checks"]),
            facts=CopyFacts(**value["facts"]) if value["facts"] else None,
        )


def verdict_on(pool: ParserPool, file: FileSource, trust: dict[str, Any]) -> Report:
    """The verdict on a file, reached in a parser process (`trust` as from `trust_in`).

    A file that breaks the process, or takes longer than a genuine one could, cannot be confirmed.

    Raises:
        PoolBusyError: no parser process is free.
    """
    try:
        return Report.from_json(pool.run(VERIFY, [file], timeout=LONGEST_SECONDS, **trust).value)
    except (ParserRefusedError, ParserFailedError):
        checks = tuple(Check(name, None if at else False) for at, name in enumerate(CheckName))
        demonstration = any("演示" in _common_name(root) for root in trust["roots"])
        return Report(Verdict.UNKNOWN, demonstration, "", checks)


def trust_in(authority: Authority) -> dict[str, Any]:
    """Arguments of `portal.dissemination.verify:check` that trust this authority's copies and nothing else."""
    return {
        "roots": [_text(authority.certificates["root"])],
        "signers": [hashlib.sha256(authority.certificates["copy"]).hexdigest()],
        "crls": [_text(crl) for crl in authority.crls.values()],
    }


def trust_in_roots(text: bytes) -> dict[str, Any]:
    """The same for whoever has only root certificates (PEM): without present lists of what was revoked.

    Raises:
        InvalidInputError: there is no certificate in it.
    """
    try:
        found = [der for kind, _, der in pem.unarmor(text, multiple=True) if kind == "CERTIFICATE"]
        roots = [x509.Certificate.load(der, strict=True) for der in found]
        for root in roots:
            _ = root.native  # read in full: a certificate is otherwise looked at only when it is needed
    except (ValueError, TypeError) as error:
        raise InvalidInputError("根证书文件不能读取。请提供 PEM 格式的根证书。", "root") from error
    if not roots:
        raise InvalidInputError("根证书文件中没有证书。请提供 PEM 格式的根证书。", "root")
    return {"roots": [_text(root.dump()) for root in roots], "signers": [], "crls": []}


def _common_name(root: str) -> str:
    return str(x509.Certificate.load(base64.b64decode(root)).subject.native.get("common_name", ""))


def _text(der: bytes) -> str:
    return base64.b64encode(der).decode()
