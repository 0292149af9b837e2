"""What `ecocomp programme show` says is in the reader's own words: names beside codes, levels and owners by name."""

from __future__ import annotations

from datetime import date

import pytest

from ecocomp.cli.programme import describe
from ecocomp.programmes.programme import Programmes
from ecocomp.rules import RuleBook


@pytest.mark.parametrize(
    ("id", "en", "zh"),
    [
        ("welfare_forest_local", "province: 4; city: 3; county: 3", "省级：4；市级：3；县级：3"),
        ("welfare_forest", "of the state: 10; collective: 16 yuan/mu", "国有：10；集体：16 元/亩"),
        ("conversion_round2", "forest, year 3: 300", "还林第 3 年：300"),
        (
            "conversion_round2",
            "national welfare-forest compensation (welfare_forest)",
            "国家级公益林生态效益补偿（welfare_forest）",
        ),
        ("grassland", "grassland subsidy and reward, grazing ban (grassland.ban)", "草原生态保护补助奖励：禁牧（grassland.ban）"),
        ("grassland", "3 grassland, 41 marsh", "3 草地"),
        ("wetland", "there is no national rate; the place states its own", "没有国家统一标准，由地方写明"),
    ],
)
def test_a_programme_is_shown_by_names(shipped: tuple[RuleBook, Programmes], id: str, en: str, zh: str) -> None:
    book, found = shipped
    lines = describe(found.get(book, "CN", id), book, "CN", date(2024, 6, 30), found)
    assert en in "\n".join(x.en for x in lines)
    assert zh in "\n".join(x.zh for x in lines)
