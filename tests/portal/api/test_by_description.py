"""The API held against its own description by schemathesis: whatever it allows is answered as it says, for each office.

`--full` sends a good part of the 50,000 requests of the fuzz.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from portal.api.description import DESCRIPTION
from tests.portal.conftest import log_in

if TYPE_CHECKING:
    from flask import Flask

    from tests.proofs import ProofBook

EXAMPLES, FULL_EXAMPLES = 40, 2000
WHO = ("archivist", "handler", "reviewer", "party", "sysadmin", "auditor")
BROKEN = 500
NOT_ASKED = [ignored_auth, positive_data_acceptance]
"""The cookie has another name without TLS; and no schema says which words make a query."""


@pytest.mark.parametrize("who", WHO)
def test_whatever_the_description_allows_is_answered_as_it_says(
    library_app: Flask, who: str, proofs: ProofBook, *, full: bool
) -> None:
    schema = schemathesis.openapi.from_dict(DESCRIPTION)
    schema.app = library_app
    client = log_in(library_app, who)
    cookie = client.get_cookie("anjuan")
    assert cookie is not None
    count, broken = FULL_EXAMPLES if full else EXAMPLES, 0

    @settings(
        max_examples=count, deadline=None, database=None, derandomize=not full, suppress_health_check=list(HealthCheck)
    )
    @given(case=schema["/api/v1/search"]["GET"].as_strategy())
    def ask(case: Any) -> None:  # noqa: ANN401 - schemathesis' own
        nonlocal broken
        answer = case.call(cookies={"anjuan": cookie.value})
        broken += answer.status_code >= BROKEN
        case.validate_response(answer, excluded_checks=NOT_ASKED)

    ask()
    proofs.record("requests by the description of the API answered with 500 and above", broken, "0", not broken)
    assert broken == 0
