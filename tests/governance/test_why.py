"""What a parameter is, in the words of the reader: codes in the keys of a table are named as far as a code list says."""

from __future__ import annotations

import json

import pytest

from ecocomp.governance.why import KEYS_OF, ORDER_STATES, _said_value
from ecocomp.programmes.explain import LEVEL_WORDS
from ecocomp.terms.codes import ECOSYSTEM_GROUPS, FUNCTION_ZONES
from ecocomp.terms.text import Text

TRANCHES = {"1": Text("第 1 次", "tranche 1")}


def test_ecosystem_groups_and_zones_are_named() -> None:
    said = _said_value('{"1": "315", "2": "255"}', [KEYS_OF["standard.protection_cost"]])
    assert (said.zh, said.en) == ("森林：315；灌丛：255", "forest: 315; shrub: 255")
    said = _said_value('{"none": "1.00", "water": "1.10"}', [KEYS_OF["standard.protection_zone_factor"]])
    assert said.en == "outside function zones: 1.00; water conservation: 1.10"


@pytest.mark.parametrize("key", sorted(KEYS_OF))
def test_a_key_that_is_named_is_read_by_the_standard(key: str) -> None:
    from pathlib import Path

    import ecocomp.standard as standard

    read = "".join(p.read_text(encoding="utf-8") for p in Path(standard.__file__).parent.rglob("*.py"))
    assert f'"{key}"' in read
    assert KEYS_OF[key] in (ECOSYSTEM_GROUPS, FUNCTION_ZONES)


def test_codes_of_several_parts_are_named_part_by_part_and_unknown_ones_kept() -> None:
    said = _said_value('{"light.1": "84", "heavy.2": "120"}', [{}, TRANCHES])
    assert (said.zh, said.en) == ("light，第 1 次：84；heavy.2：120", "light, tranche 1: 84; heavy.2: 120")
    assert _said_value('{"county": "2", "province": "3"}', [LEVEL_WORDS]).zh == "县级：2；省级：3"
    assert _said_value('{"11 A": "36"}', []).en == "11 A: 36"


def test_long_tables_and_lists_are_cut_and_plain_values_stand_as_they_are() -> None:
    table = json.dumps({str(n): "1" for n in range(40)})
    assert _said_value(table, []).en.endswith("…") and _said_value(table, []).en.count(";") == 11
    assert _said_value('"0.35"', []).zh == "0.35"
    assert len(_said_value(json.dumps(["x" * 30] * 9), []).zh) <= 80
    assert _said_value("not json", []).zh == "not json"


def test_every_state_of_an_order_has_words() -> None:
    assert set(ORDER_STATES) == {"ready", "escrow", "held"}
