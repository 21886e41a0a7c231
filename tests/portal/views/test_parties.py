"""The pages about parties: the same answer to the wrong people, and an end that ends the party's session."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from portal.services.parties import NO_SUCH_PARTY
from tests.portal.conftest import log_in
from tests.portal.crowded import items_of, persons_of
from tests.portal.views.test_pages import plain

if TYPE_CHECKING:
    from flask import Flask

    from tests.portal.conftest import World

WRONG = ("handler", "leader", "reviewer", "party", "legal", "sysadmin", "secadmin", "auditor")


def test_the_wrong_people_are_answered_as_for_a_case_that_does_not_exist(app: Flask, sealed: str) -> None:
    for who in WRONG:
        client = log_in(app, who)
        for path in ("parties", "listing"):
            real, absent = f"/cases/{sealed}/{path}", f"/cases/{'0' * 32}/{path}"
            assert plain(client.get(real)) == plain(client.get(absent)), (who, path)
            assert plain(client.post(real)) == plain(client.post(absent)), (who, path)
        ends = [f"/cases/{case}/parties/{'0' * 32}/end" for case in (sealed, "0" * 32)]
        assert plain(client.post(ends[0])) == plain(client.post(ends[1]))


def test_the_case_page_leads_there_those_who_may(app: Flask, sealed: str) -> None:
    wanted = (f"/cases/{sealed}/parties", f"/cases/{sealed}/listing")
    text = {who: log_in(app, who).get(f"/cases/{sealed}").text for who in ("archivist", "leader")}
    assert all(path in text["archivist"] for path in wanted)
    assert not any(path in text["leader"] for path in wanted)


def test_binding_and_ending_end_the_partys_sessions(app: Flask, world: World, sealed: str) -> None:
    archivist, party = log_in(app, "archivist"), log_in(app, "party")
    form = {"person": persons_of(world, sealed)["张演示"], "login": "party", "proof": "身份证原件"}
    assert archivist.post(f"/cases/{sealed}/parties", data=form).status_code == 302
    assert party.get("/").status_code == 302
    party = log_in(app, "party")
    assert party.get("/").status_code == 200
    page = archivist.get(f"/cases/{sealed}/parties").text
    path = re.findall(rf"/cases/{sealed}/parties/[0-9a-f]+/end", page)[0]
    assert archivist.post(path).status_code == 302
    assert party.get("/").status_code == 302


def test_a_refused_binding_keeps_what_was_typed_and_says_why(app: Flask, world: World, sealed: str) -> None:
    archivist = log_in(app, "archivist")
    form = {"person": persons_of(world, sealed)["张演示"], "login": "nobody", "proof": "身份证原件"}
    answer = archivist.post(f"/cases/{sealed}/parties", data=form)
    assert (answer.status_code, NO_SUCH_PARTY in answer.text, 'value="nobody"' in answer.text) == (409, True, True)
    answer = archivist.post(f"/cases/{sealed}/parties", data=form | {"valid_to": "明天"})
    assert (answer.status_code, "日期不对" in answer.text) == (422, True)


def test_the_list_is_saved_whole_or_not_at_all_with_what_was_typed(app: Flask, world: World, sealed: str) -> None:
    archivist, item = log_in(app, "archivist"), items_of(world, sealed)[1]
    form = {f"title_{item}": "", f"listable_{item}": "on"}
    answer = archivist.post(f"/cases/{sealed}/listing", data=form)
    assert (answer.status_code, "第 1 件没有列示名称" in answer.text) == (422, True)
    assert archivist.post(f"/cases/{sealed}/listing", data=form | {f"title_{item}": "检查材料"}).status_code == 302
    assert 'value="检查材料"' in archivist.get(f"/cases/{sealed}/listing").text
