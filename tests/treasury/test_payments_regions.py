"""Regions above one another: an office of a province, officers of a county in it, notices and batches of a prefecture."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecocomp.terms.codes import region_holds, region_stem
from ecocomp.terms.faults import FaultsError
from ecoweb.office import create_office
from ecoweb.treasury import payments
from ecoweb.treasury.payments_officers import appoint

from .pay_world import YEAR, Claim, World, officer


@pytest.mark.parametrize(
    ("code", "stem"),
    [("990000", "99"), ("990100", "9901"), ("990121", "990121"), ("429004", "429004"), ("429000", "4290"), ("990121000", "990121"),
     ("990121001000", "990121001"), ("990121001001", "990121001001"), ("110000000000", "11"), ("", "")],
)  # fmt: skip
def test_a_code_without_the_noughts_of_its_level(code: str, stem: str) -> None:
    assert region_stem(code) == stem


def test_what_lies_in_what() -> None:
    up = ["990000", "990100", "990121", "990121001", "990121001001"]
    for i, above in enumerate(up):
        assert [region_holds(above, code) for code in up] == [n >= i for n in range(len(up))]
    assert not region_holds("990100", "990221")
    assert not region_holds("", "990121")


def test_a_province_pays_the_year_of_a_county(tmp_path: Path) -> None:
    with create_office(tmp_path / "o", name="某省", region_code="990000") as office:
        world = World(office, tmp_path)  # officers of county 990121
        world.take([Claim("H1", "p1", {"E1": 900_00})])
        payments.give_notice(office, YEAR, world.act("maker"), region="990100")
        world.wait(days=8)
        with pytest.raises(FaultsError) as caught:
            world.made()  # of the whole province: not theirs
        assert {f.code for f in caught.value.faults} == {"payments.region"}
        assert world.made(region="990121").lines == 1


def test_officers_of_a_county_are_registered_by_one_of_the_province(tmp_path: Path) -> None:
    with create_office(tmp_path / "o", name="某省", region_code="990000") as office:
        world = World(office, tmp_path)
        world.load("officer", [officer("u:sup", "P-sup", "supervisor", region_code="990000")])
        world.load("officer", [officer("u:else", "P-else", "supervisor", region_code="990200")])
        values = {"person": "P-new", "roles": "maker", "region": "990121"}
        with pytest.raises(FaultsError) as caught:
            appoint(office, "u:new", world.act("u:else"), values)
        assert {f.code for f in caught.value.faults} == {"payments.region"}
        assert not appoint(office, "u:new", world.act("u:sup"), values).first
