"""Every service model: its specification, its checked examples, what its plain-number function promises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecocomp.registry import entries
from ecocomp.services.models import carbon_sequestration, sand_fixation, soil_retention, water_conservation
from ecocomp.terms.codes import SERVICES_WORDS
from ecocomp.terms.tables import SERVICE

FOUND = entries("services.models")
EXAMPLES = [(id, i) for id, e in FOUND.items() for i in range(len(e.spec.examples))]


def test_every_service_is_named_as_everywhere_else() -> None:
    assert {id: e.spec.name for id, e in FOUND.items()}.items() <= SERVICES_WORDS.items() and SERVICE.name == "service"


@pytest.mark.parametrize("id", FOUND)
def test_spec_is_complete(id: str) -> None:
    spec = FOUND[id].spec
    assert spec.faults() == [] and spec.formula and spec.holds.zh and spec.holds.en and spec.parameters


@pytest.mark.parametrize("id", FOUND)
def test_every_parameter_named_in_the_spec_is_read_by_the_rules_or_optional(id: str, params) -> None:  # type: ignore[no-untyped-def]
    resolved = params()
    missing = [u.name for u in FOUND[id].spec.parameters if not u.optional and not resolved.has(u.name)]
    assert missing == []


@pytest.mark.parametrize(("id", "i"), EXAMPLES)
def test_checked_example(id: str, i: int) -> None:
    example = FOUND[id].spec.examples[i]
    found = FOUND[id].module.evaluate(**example.inputs)
    for name, value in example.outputs.items():
        assert found[name] == pytest.approx(value, rel=example.tolerance, abs=1e-9), (id, name)


positive = st.floats(0.01, 1e4)


@given(positive, positive, st.floats(0, 0.3), positive)
def test_water_scales_with_area_and_falls_with_runoff(rain: float, aet: float, alpha: float, area: float) -> None:
    one = water_conservation.evaluate(rain_mm=rain, aet_mm=aet, runoff_coefficient=alpha, area_m2=area)["volume_m3"]
    two = water_conservation.evaluate(rain_mm=rain, aet_mm=aet, runoff_coefficient=alpha, area_m2=2 * area)["volume_m3"]
    more = water_conservation.evaluate(rain_mm=rain, aet_mm=aet, runoff_coefficient=alpha + 0.1, area_m2=area)["volume_m3"]
    assert two == pytest.approx(2 * one, rel=1e-9, abs=1e-9) and more < one


@given(positive, st.floats(1e-4, 0.1), st.floats(0.03, 50), st.floats(0, 1), st.floats(0, 1))
def test_soil_kept_and_lost_add_up_to_the_potential(r: float, k: float, ls: float, c: float, p: float) -> None:
    found = soil_retention.evaluate(erosivity=r, erodibility=k, ls=ls, cover_factor=c, practice_factor=p)
    assert found["retained_t"] + found["actual_t"] == pytest.approx(found["potential_t"], rel=1e-9)
    assert -1e-9 <= found["retained_t"] <= found["potential_t"] * (1 + 1e-9)


@given(st.floats(0.1, 100), st.floats(0.05, 1), st.floats(0.05, 1), st.floats(0.5, 1))
def test_bare_ground_fixes_no_sand(weather: float, erodible: float, crust: float, roughness: float) -> None:
    found = sand_fixation.evaluate(weather=weather, erodible=erodible, crust=crust, roughness=roughness, cover=1.0)
    assert found["fixed"] == 0.0 and found["loss"] == found["loss_potential"]


def test_carbon_asks_for_a_rate_or_a_production() -> None:
    with pytest.raises(TypeError, match="npp_g_c_m2"):
        carbon_sequestration.evaluate(area_ha=1.0)
