"""The witness cosigns what continues, and nothing else (c2sp.org/tlog-cosignature, c2sp.org/tlog-witness)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from archive_store.audit import merkle
from archive_store.audit.checkpoint import Checkpoint, generate_checkpoint_key, open_checkpoint, sign
from archive_store.audit.note import (
    STAMP,
    Signature,
    SignatureType,
    SignedNote,
    SigningKey,
    VerifierKey,
    cosigned_message,
    generate_key,
)
from archive_store.audit.witness import Cosignature, Witness, cosignatures, generate_witness_key
from archive_store.errors import IntegrityError, InvalidInputError

ORIGIN = "archive.example/audit"
AT = datetime(2025, 4, 8, 9, 30, 0, 999, tzinfo=UTC)
LEAVES = [merkle.leaf_hash(bytes([n])) for n in range(20)]
OTHERS = [merkle.leaf_hash(bytes([n, n])) for n in range(20)]

# a real checkpoint of a Certificate Transparency log, cosigned by four public witnesses
REAL = """\
arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
"""  # noqa: E501 - lines of a real note
REAL_LOG = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
REAL_WITNESSES = [
    "transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
    "witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
]
SPEC_LINE = (  # the example of the specification; its keys are not published
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+"
    "mbIUBkBIfZ+qnA==\n"
)
SPEC_BODY = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


@pytest.fixture
def key() -> SigningKey:
    return generate_checkpoint_key(ORIGIN)


@pytest.fixture
def witness(key: SigningKey) -> Witness:
    return Witness(generate_witness_key("auditor.example/w"), [key.verifier])


def head(key: SigningKey, size: int, leaves: list[bytes] = LEAVES) -> SignedNote:
    return sign(Checkpoint(ORIGIN, size, merkle.root(leaves[:size])), key)


def proof(first: int, second: int, leaves: list[bytes] = LEAVES) -> list[bytes]:
    return merkle.consistency_proof(first, leaves[:second])


def test_a_forked_log_is_not_cosigned(key: SigningKey, witness: Witness) -> None:
    last = witness.cosign(head(key, 8), None, [], AT)

    for size in (8, 12):
        with pytest.raises(IntegrityError, match="未予见证"):
            witness.cosign(head(key, size, OTHERS), last, proof(8, size, OTHERS), AT)


def test_a_log_that_shrank_is_not_cosigned(key: SigningKey, witness: Witness) -> None:
    last = witness.cosign(head(key, 8), None, [], AT)

    with pytest.raises(IntegrityError, match="比上次见证时短"):
        witness.cosign(head(key, 7), last, [], AT)


def test_growth_without_its_proof_is_not_cosigned(key: SigningKey, witness: Witness) -> None:
    last = witness.cosign(head(key, 8), None, [], AT)

    for wrong in ([], proof(7, 12), proof(8, 12)[:-1], [*proof(8, 12), LEAVES[0]]):
        with pytest.raises(IntegrityError, match="未予见证"):
            witness.cosign(head(key, 12), last, wrong, AT)


def test_what_the_log_did_not_sign_is_not_cosigned(witness: Witness) -> None:
    with pytest.raises(IntegrityError):
        witness.cosign(head(generate_checkpoint_key(ORIGIN), 8), None, [], AT)


def test_a_memory_that_the_witness_did_not_cosign_is_refused(key: SigningKey, witness: Witness) -> None:
    stranger = Witness(generate_witness_key("auditor.example/w"), [key.verifier])

    for forged in (head(key, 4), stranger.cosign(head(key, 4), None, [], AT)):
        with pytest.raises(IntegrityError):
            witness.cosign(head(key, 8), forged, proof(4, 8), AT)
        with pytest.raises(IntegrityError):
            witness.last_size(forged)


def test_a_changed_memory_is_refused(key: SigningKey, witness: Witness) -> None:
    last = str(witness.cosign(head(key, 8), None, [], AT))

    with pytest.raises(IntegrityError):
        witness.cosign(head(key, 12), SignedNote.parse(last.replace("\n8\n", "\n9\n")), proof(8, 12), AT)


def test_a_log_key_is_no_witness_key(key: SigningKey) -> None:
    with pytest.raises(InvalidInputError, match="见证密钥"):
        Witness(generate_key("auditor.example"), [key.verifier])


def test_a_wrong_cosignature_under_a_witness_s_name_is_refused(key: SigningKey, witness: Witness) -> None:
    cosigned = witness.cosign(head(key, 8), None, [], AT)
    good = cosigned.signatures[-1]
    backdated = STAMP.pack(good.seconds - 1) + good.value[STAMP.size :]
    far = STAMP.pack(2**63) + good.value[STAMP.size :]

    for value in (backdated, far, good.value[:7], good.value[:-1], b""):
        forged = cosigned.add(Signature(good.name, good.key_id, value))
        with pytest.raises(IntegrityError, match="签名不正确"):
            cosignatures(forged, [witness.verifier])


def test_an_ordinary_signature_is_no_cosignature(key: SigningKey) -> None:
    note = head(key, 8)

    assert cosignatures(note, [key.verifier]) == []


def test_a_cosignature_binds_extension_lines() -> None:
    witness = generate_witness_key("w")
    body = SPEC_BODY + "extension\n"
    line = witness.cosign(body, AT)

    with pytest.raises(IntegrityError):
        SignedNote(body.replace("extension", "Extension"), (line,)).open([witness.verifier])


def test_nobody_cosigned_is_no_error(key: SigningKey, witness: Witness) -> None:
    assert cosignatures(head(key, 8), [witness.verifier]) == []


def test_the_witness_follows_the_log(key: SigningKey, witness: Witness) -> None:
    last = None
    for size in (0, 1, 7, 8, 8, 20):
        note = witness.cosign(head(key, size), last, proof(witness.last_size(last), size), AT)
        assert open_checkpoint(note, [key.verifier]).size == size
        assert cosignatures(note, [witness.verifier]) == [Cosignature("auditor.example/w", AT.replace(microsecond=0))]
        last = SignedNote.parse(str(note))


def test_two_witnesses_stand_on_one_checkpoint(key: SigningKey, witness: Witness) -> None:
    second = Witness(generate_witness_key("second.example"), [key.verifier])
    note = second.cosign(witness.cosign(head(key, 8), None, [], AT), None, [], AT)

    assert [found.name for found in cosignatures(note, [witness.verifier, second.verifier])] == [
        "auditor.example/w",
        "second.example",
    ]


def test_a_witness_key_is_of_the_cosignature_type(witness: Witness) -> None:
    assert witness.verifier.kind is SignatureType.COSIGNATURE
    assert VerifierKey.parse(str(witness.verifier)) == witness.verifier


def test_a_real_cosigned_checkpoint_verifies_against_all_its_witnesses() -> None:
    note = SignedNote.parse(REAL)
    keys = [VerifierKey.parse(key) for key in REAL_WITNESSES]

    assert open_checkpoint(note, [VerifierKey.parse(REAL_LOG)]).size == 1432088532
    found = cosignatures(note, keys)
    assert {one.name for one in found} == {key.name for key in keys}
    assert {one.at for one in found} == {datetime.fromtimestamp(0x6A122120, UTC)}


def test_a_real_cosigned_checkpoint_that_was_changed_is_refused() -> None:
    changed = SignedNote.parse(REAL.replace("1432088532", "1432088533"))

    for key in (REAL_LOG, *REAL_WITNESSES):
        with pytest.raises(IntegrityError):
            changed.open([VerifierKey.parse(key)])


def test_the_example_of_the_specification_has_our_form() -> None:
    signature = SignedNote.parse(f"{SPEC_BODY}\n{SPEC_LINE}").signatures[0]

    assert (signature.name, signature.key_id.hex(), signature.seconds) == (
        "witness.example.com/w1",
        "8d66cf3f",
        1679315147,
    )
    assert signature.line == SPEC_LINE
    assert cosigned_message(SPEC_BODY, 1679315147) == f"cosignature/v1\ntime 1679315147\n{SPEC_BODY}".encode()
