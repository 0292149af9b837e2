"""Differentiated amount: a base for each kind of ecosystem times a factor for each dimension a place names.

For programmes that pay a base amount and let rank, scarcity, location or fiscal capacity move it. The dimensions are
data: an entry of `standard.differentiated.factors` names what of the land it goes by and the table of its factors.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.standard.land import Part, Region, certain, money_per_ha, not_negative, per_mu, row_of, say
from ecocomp.standard.parts import ByKind, Sum, nothing, to_fen
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text

_BASE, _FACTORS = "standard.differentiated.base", "standard.differentiated.factors"
_BY = {
    "ecosystem_group": "group",
    "function_zone": "function_zone",
    "grade": "grade",
    "tenure": "tenure",
    "restriction": "restriction",
    "village": "village_code",
}
_EVERYWHERE = ("region", "all")

SPEC = Spec(
    id="differentiated",
    name=Text("连乘差异化标准", "differentiated standard (product of factors)"),
    summary=Text(
        "按生态系统大类的基数连乘各维度系数（等级、稀缺、区位、财力等）。",
        "A base amount by ecosystem group times a factor for each dimension, such as rank, scarcity, location or fiscal capacity.",
    ),
    unit="fen/ha/a",
    inputs=(Use("parcel", "table", Text("地块", "parcels")), Use("parcel_zone", "table", Text("分区", "zones"))),
    parameters=(
        Use(_BASE, "CNY/ha/a", Text("基数（按大类）", "base by ecosystem group")),
        Use(_FACTORS, "", Text("维度列表：{by: …, factor: 键}", "list of dimensions: {by: …, factor: key}")),
        Use(
            "standard.differentiated.*",
            "1",
            Text("各维度的系数表（键为代码，* 为其余）", "table of factors of a dimension, keyed by code; * is any other"),
            optional=True,
        ),
    ),
    outputs=(Use("parts", "fen/ha/a", Text("四部分（全部记入保护成本）", "four parts (all in protection)")),),
    formula="S = base[group] · Π k_d[code_d]",
    holds=Text(
        "系数不小于零；维度可取 ecosystem_group、function_zone、grade、tenure、restriction、village、region、all。",
        "Factors are at least zero; a dimension goes by ecosystem_group, function_zone, grade, tenure, restriction, village, "
        "region or all.",
    ),
    references=(Reference("design of this project", "D", "S_j = base·Π k_dim"),),
    examples=(
        Example(
            {
                "land": {
                    "group": "1",
                    "function_zone": "water",
                    "grade": 1,
                    "red_line_ppm": 0,
                    "reserve_ppm": 0,
                    "area_dm2": 1_000_000,
                    "value_fen": None,
                },
                "region": {"engel_ppm": 350_000, "income_fen_per_head": 1_600_000},
                "parameters": {
                    _BASE: {"1": "1000"},
                    _FACTORS: [
                        {"by": "grade", "factor": "standard.differentiated.rank"},
                        {"by": "function_zone", "factor": "standard.differentiated.scarcity"},
                    ],
                    "standard.differentiated.rank": {"1": "1.2", "2": "1"},
                    "standard.differentiated.scarcity": {"water": "1.1", "*": "1"},
                },
            },
            {"protection": 132_000, "opportunity": 0, "value": 0, "regional": 0},
            "by hand: 1000 × 1.2 × 1.1 = 1320 CNY/ha",
            0.0,
        ),
    ),
)


def prepare(params: Parameters, economy: Region) -> Sum:
    """Return the function that multiplies a parcel's base by its factors."""
    dimensions = _dimensions(params)
    names = ("group", *(_BY[by] for by, _ in dimensions if by in _BY))

    def amount(group: str, *codes: Any) -> Part:
        base = row_of(params, _BASE, group)
        fen, said, given = money_per_ha(params.get(_BASE), base), [], iter(codes)
        for by, key in dimensions:
            code = str(next(given)) if by in _BY else economy.region_code if by == "region" else ""
            factor = _factor(params, key, code)
            fen *= Fraction(factor)
            said.append([key.removeprefix("standard.differentiated."), code, str(factor)])
        keys = [_BASE, _FACTORS, *(key for _, key in dimensions)]
        return certain(
            to_fen(fen),
            say(form="differentiated", base=base, ecosystem_group=group, factors=said, **per_mu(params.get(_BASE))),
            " ".join(keys),
        )

    return Sum(ByKind(names, amount), nothing(), nothing(), nothing())


def _factor(params: Parameters, key: str, code: str) -> Any:
    """Return the factor of a code; a rule that is one number counts everywhere, the row * stands for codes not listed."""
    held = params.get(key)
    if held.kind == "number":
        found = params.decimal(key)
    else:
        table = params.table(key)
        found = table[code] if code in table else table["*"] if "*" in table else row_of(params, key, code)
    return not_negative(held, found, code)


def _dimensions(params: Parameters) -> list[tuple[str, str]]:
    held, faults, out = params.get(_FACTORS), [], []
    for n, item in enumerate(params.items(_FACTORS), 1):
        ok = isinstance(item, dict) and set(item) == {"by", "factor"} and item["by"] in (*_BY, *_EVERYWHERE)
        if ok:
            out.append((str(item["by"]), str(item["factor"])))
            continue
        clash = Text("第 {n} 条维度写作 {i}。", "Dimension {n} reads {i}.").fill(n=n, i=item)
        remedy = Text("写 {{by: …, factor: 键}}，by 可用 {b}。", "Write {{by: …, factor: key}}; by is one of {b}.").fill(
            b=", ".join((*_BY, *_EVERYWHERE))
        )
        faults.append(Fault("standard.dimension", held.file, f"line {held.line}", clash, remedy))
    if faults:
        raise FaultsError(faults)
    return out
