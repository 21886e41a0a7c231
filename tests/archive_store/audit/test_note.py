"""Signed notes against the vectors of golang.org/x/mod/sumdb/note (note_test.go) and c2sp.org/signed-note."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive_store.audit.note import (
    MAX_SIGNATURES,
    SignatureType,
    SignedNote,
    SigningKey,
    VerifierKey,
    generate_key,
)
from archive_store.errors import IntegrityError, InvalidInputError

PETER_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SEED = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"  # type byte and seed, as in the Go signer key
ENOCH_KEY = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
REMORA_KEY = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"  # a real witness, type 0x04
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
NOTE = f"{TEXT}\n{PETER_LINE}"
PETER = VerifierKey.parse(PETER_KEY)
ENOCH = VerifierKey.parse(ENOCH_KEY)


def every_mangling(text: str) -> list[str]:
    """Each proper part of a text, and the text with each character one further, as the Go tests do it."""
    parts = [text[i:j] for i in range(len(text)) for j in range(i + 1, len(text) + 1) if j - i < len(text)]
    return [*parts, *(text[:i] + chr(ord(text[i]) + 1) + text[i + 1 :] for i in range(len(text)))]


def test_a_mangled_verifier_key_is_refused() -> None:
    for bad in every_mangling(PETER_KEY):
        with pytest.raises(InvalidInputError):
            VerifierKey.parse(bad)


@pytest.mark.parametrize(
    "bad",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",  # too long, key id made to fit
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # unknown type, key id made to fit
        PETER_KEY.replace("c74f20a3", "C74F20A3"),
        PETER_KEY + "=",
        "bananas.sigstore.dev+12344556",
        "",
    ],
)
def test_a_verifier_key_is_written_in_one_way_only(bad: str) -> None:
    with pytest.raises(InvalidInputError, match="验证密钥的格式不正确"):
        VerifierKey.parse(bad)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\tb", "a\u3000b", "a\nb"])
def test_a_key_needs_a_name_that_fits_on_a_line(name: str) -> None:
    with pytest.raises(InvalidInputError, match="密钥名称"):
        generate_key(name)


def test_a_known_key_s_wrong_signature_spoils_the_note() -> None:
    spoiled = TEXT + "\n" + ENOCH_LINE + PETER_LINE.replace("x08go/ZJ", "x08go/ZK")

    with pytest.raises(IntegrityError, match="签名不正确"):
        SignedNote.parse(spoiled).open([PETER, ENOCH])


def test_a_changed_text_spoils_the_note() -> None:
    with pytest.raises(IntegrityError, match="签名不正确"):
        SignedNote.parse(NOTE.replace("cryptography", "cryptographY")).open([PETER])


def test_a_note_that_no_known_key_signed_is_refused() -> None:
    with pytest.raises(IntegrityError, match="没有可信密钥的签名"):
        SignedNote.parse(NOTE).open([ENOCH])
    with pytest.raises(IntegrityError, match="没有可信密钥的签名"):
        SignedNote.parse(NOTE).open([])


def test_a_key_of_the_same_name_does_not_stand_for_another() -> None:
    namesake = generate_key("PeterNeumann").verifier

    with pytest.raises(IntegrityError, match="没有可信密钥的签名"):
        SignedNote.parse(NOTE).open([namesake])


@pytest.mark.parametrize(
    "bad",
    [
        TEXT,
        TEXT + "\n",
        TEXT + "\n" + PETER_LINE[:-1],
        "\x01" + TEXT + "\n" + PETER_LINE,
        TEXT.replace("\n", "\r\n") + "\n" + PETER_LINE,
        TEXT + "\n" + PETER_LINE.replace("PeterNeumann", "Bad Name"),
        TEXT + "\n" + PETER_LINE.replace("PeterNeumann", "a+b"),
        TEXT + "\n" + PETER_LINE + "Unexpected line.\n",
        TEXT + "\n" + PETER_LINE.replace("—", "-"),
        TEXT + "\n— PeterNeumann\n",
        TEXT + "\n— PeterNeumann x08goA==\n",  # a key id and nothing more
        TEXT + "\n— PeterNeumann x08go/ZJ=\n",
        TEXT + "\n— PeterNeumann x08go/ZK\u00e9==\n",
        TEXT + "\n" + PETER_LINE * (MAX_SIGNATURES + 1),
        "x" * 1_000_000 + "\n\n" + PETER_LINE,
        "\ud800\n\n" + PETER_LINE,
        "",
    ],
)
def test_a_malformed_note_is_refused(bad: str) -> None:
    with pytest.raises(InvalidInputError, match="检查点文件的格式不正确"):
        SignedNote.parse(bad)


def test_a_note_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        SignedNote.parse(b"\xff" + NOTE.encode())


def test_a_witness_key_signs_no_notes_and_a_log_key_no_cosignatures() -> None:
    now = datetime.now(UTC)
    with pytest.raises(ValueError, match="cosignatures only"):
        generate_key("w", SignatureType.COSIGNATURE).sign(TEXT)
    with pytest.raises(ValueError, match="only a witness"):
        generate_key("w").cosign(TEXT, now)
    with pytest.raises(ValueError, match="1970"):
        generate_key("w", SignatureType.COSIGNATURE).cosign(TEXT, datetime(1969, 12, 31, tzinfo=UTC))


def test_the_published_note_opens() -> None:
    note = SignedNote.parse(NOTE.encode())

    assert note.text == TEXT
    assert list(note.open([PETER])) == [PETER]
    assert str(note) == NOTE


def test_signing_gives_the_published_note_byte_for_byte() -> None:
    seed = base64.b64decode(PETER_SEED)[1:]
    peter = SigningKey.from_seed("PeterNeumann", seed)

    assert str(peter.verifier) == PETER_KEY
    assert str(SignedNote(TEXT, (peter.sign(TEXT),))) == NOTE


def test_signatures_of_unknown_keys_are_passed_over() -> None:
    note = SignedNote.parse(f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}")

    assert list(note.open([PETER])) == [PETER]
    assert list(note.open([PETER, ENOCH])) == [PETER, ENOCH]


def test_a_long_signature_of_an_unknown_kind_is_passed_over() -> None:
    large = base64.b64encode(b"\x01\x02\x03\x04" + bytes(2428)).decode()

    assert list(SignedNote.parse(f"{TEXT}\n— witness.example/pq {large}\n{PETER_LINE}").open([PETER])) == [PETER]


def test_the_last_blank_line_parts_text_and_signatures() -> None:
    note = SignedNote.parse("line one\n\nline two\n\n— n QUJDQUJDQQ==\n")

    assert note.text == "line one\n\nline two\n"
    assert note.signatures[0].key_id + note.signatures[0].value == b"ABCABCA"


def test_a_signature_given_again_takes_the_place_of_the_old() -> None:
    note = SignedNote.parse(NOTE)

    assert str(note.add(note.signatures[0])) == NOTE


@pytest.mark.parametrize("key", [PETER_KEY, ENOCH_KEY, REMORA_KEY])
def test_published_verifier_keys_are_read_and_written_alike(key: str) -> None:
    assert str(VerifierKey.parse(key)) == key


def test_a_new_key_is_consistent_with_itself() -> None:
    key = generate_key("EnochRoot")
    private = Ed25519PrivateKey.generate()

    assert SignedNote(TEXT, (key.sign(TEXT),)).open([VerifierKey.parse(str(key.verifier))])
    assert SigningKey("n", private).verifier == SigningKey.from_seed("n", private.private_bytes_raw()).verifier
