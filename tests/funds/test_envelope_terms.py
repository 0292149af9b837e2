"""Terms of envelopes are never cut in silence."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest

from ecoweb.commands.funds import _terms


@pytest.mark.parametrize(("match", "codes"), [("0.333333", []), ("0.3333333", ["funds.match"])])
def test_a_match_of_more_than_six_decimals_is_refused(match: str, codes: list[str]) -> None:
    row = defaultdict(
        lambda: None, record="row 1", envelope_id="E1", usable_from="2026-01-01", usable_to="2026-12-31", match=Decimal(match)
    )
    terms, faults = _terms([row], "envelopes.csv")
    assert [f.code for f in faults if f.code == "funds.match"] == codes and terms[0]["match_ppm"] == 333333
