"""The canonical variables are sound data."""

from __future__ import annotations

import pytest

from ecocomp.terms.variables import Variable, variable, variables


@pytest.mark.parametrize("v", variables().values(), ids=lambda v: v.id)
def test_every_variable_is_complete_and_believable(v: Variable) -> None:
    assert v.name.zh and v.name.en and v.unit
    assert v.hard[0] < v.hard[1]
    if v.usual_mean:
        assert v.hard[0] <= v.usual_mean[0] < v.usual_mean[1] <= v.hard[1]
        middle = sum(v.usual_mean) / 2
        assert v.judge(middle, middle, middle, "x") == []
    for cause in v.causes:
        assert cause.low < cause.high
        value = (cause.low + cause.high) / 2
        inside = v.hard[0] <= value <= v.hard[1]
        usual = v.usual_mean is None or v.usual_mean[0] <= value <= v.usual_mean[1]
        assert not (inside and (usual or cause.of != "mean")), f"a cause that can never be named: {cause}"


def test_an_unusual_mean_without_known_cause_is_only_a_warning() -> None:
    (fault,) = variable("temperature_c").judge(-40, 10, -20, "x")
    assert fault.severity == "warning" and "-20" in fault.say("zh")


def test_an_unknown_variable_names_the_nearest() -> None:
    with pytest.raises(KeyError, match="ndvi"):
        variable("ndvii")
