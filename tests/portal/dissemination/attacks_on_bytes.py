"""Changes of single bytes and stretches of a genuine copy.

Sources of the kinds: Mladenov et al. 2019 (signature wrapping, incremental saving, universal forgery), Rohlmann et al.
2021 (shadow and certification attacks), and what the format leaves unprotected.
"""

from __future__ import annotations

import re

from tests.portal.dissemination.attack_scene import UNKNOWN, Scene, attack, changed

# -- bytes


@attack()
def a_byte_of_a_page_image(scene: Scene) -> bytes:
    jpeg = scene.made.prepared.pages[0].path.read_bytes()
    return changed(scene.genuine, scene.genuine.index(jpeg) + len(jpeg) // 2)


@attack()
def a_whole_page_image_of_the_same_length(scene: Scene) -> bytes:
    first, second = (file.path.read_bytes() for file in scene.made.prepared.pages[:2])
    other = (second + b"\0" * len(first))[: len(first)]
    return changed(scene.genuine, scene.genuine.index(first), other)


@attack(None)
def a_byte_of_the_certificate_page(scene: Scene) -> bytes:
    return changed(scene.genuine, scene.genuine.index(b"stream\n") + 60)


@attack()
def a_byte_of_the_metadata(scene: Scene) -> bytes:
    return changed(scene.genuine, scene.genuine.index(b"xmpmeta") + 300)


@attack(None)
def the_version_in_the_header(scene: Scene) -> bytes:
    return changed(scene.genuine, 7, b"4")


@attack(None)
def a_byte_of_the_signature(scene: Scene) -> bytes:
    at = scene.gap(0)[0] + 3000
    return changed(scene.genuine, at, b"F" if scene.genuine[at] != ord("F") else b"E")


@attack()
def an_unused_digit_behind_the_signature(scene: Scene) -> bytes:
    return changed(scene.genuine, scene.gap(0)[1] - 3, b"1")


@attack()
def an_unused_digit_behind_the_time_stamp(scene: Scene) -> bytes:
    return changed(scene.genuine, scene.gap(1)[1] - 3, b"1")


@attack()
def small_letters_in_the_time_stamp(scene: Scene) -> bytes:
    start, end = scene.gap(1)
    return changed(scene.genuine, start, scene.genuine[start:end].lower())


@attack()
def spaces_in_the_unused_digits(scene: Scene) -> bytes:
    return changed(scene.genuine, scene.gap(1)[1] - 9, b"        ")


@attack()
def a_longer_way_to_write_a_length_in_the_time_stamp(scene: Scene) -> bytes:
    start, end = scene.gap(1)
    digits = scene.genuine[start + 1 : end - 1]
    assert digits.startswith(b"3082")
    return changed(scene.genuine, start + 1, b"308300" + digits[4:-2])


@attack()
def a_certificate_inside_the_time_stamp(scene: Scene) -> bytes:
    start, _ = scene.gap(1)
    issuer = scene.bench.authority.certificates["issuer"].hex().upper().encode()
    at = scene.genuine.index(issuer, start) + len(issuer) - 40
    return changed(scene.genuine, at, b"0" if scene.genuine[at] != 0x30 else b"1")


@attack()
def the_version_inside_the_time_stamp(scene: Scene) -> bytes:
    at = scene.genuine.index(b"020103", scene.gap(1)[0])
    return changed(scene.genuine, at, b"020101")


@attack(None)
def numbers_of_the_byte_range(scene: Scene) -> bytes:
    at = scene.genuine.index(b"/ByteRange [0 ")
    return changed(scene.genuine, at + 14, b"1" if scene.genuine[at + 14] != 0x31 else b"2")


@attack()
def a_line_end_at_the_end(scene: Scene) -> bytes:
    return scene.genuine + b"\n"


@attack()
def a_comment_at_the_end(scene: Scene) -> bytes:
    return scene.genuine + b"\n% added\n"


@attack()
def an_empty_update(scene: Scene) -> bytes:
    previous = re.findall(rb"startxref\s+(\d+)", scene.genuine)[-1]
    trailer = b"trailer\n<</Size 1/Root 1 0 R/Prev " + previous + b">>\nstartxref\n%d\n%%%%EOF\n"
    return scene.genuine + b"\nxref\n0 0\n" + trailer % (len(scene.genuine) + 1)


@attack(None)
def the_last_byte_cut_off(scene: Scene) -> bytes:
    return scene.genuine[:-1]


@attack(None)
def half_of_the_file(scene: Scene) -> bytes:
    return scene.genuine[: len(scene.genuine) // 2]


@attack()
def the_time_stamp_cut_off(scene: Scene) -> bytes:
    return scene.genuine[: scene.revisions[1]]


@attack(UNKNOWN)
def all_signatures_cut_off(scene: Scene) -> bytes:
    return scene.genuine[: scene.revisions[0]]


@attack(None)
def bytes_before_the_header(scene: Scene) -> bytes:
    return b"%!PS\n" + scene.genuine


@attack(None)
def another_document_before_it(scene: Scene) -> bytes:
    return scene.genuine[: scene.revisions[0]] + scene.genuine
