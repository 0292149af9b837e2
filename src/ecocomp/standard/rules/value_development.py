"""Value × social development: the value of the services by what a place can be expected to pay for nature.

Std = ESV·L·k with L = 1/(1 + e^−t), t = 1/En − 3. One paper prints t = En itself; then the coefficient would *rise*
with the Engel coefficient and the poorer place would be held to value nature more, so that form is refused. The whole
rate is the value part.
"""

from __future__ import annotations

from ecocomp.registry import Example, Reference, Spec, Use
from ecocomp.rules import Parameters
from ecocomp.standard.land import Region
from ecocomp.standard.parts import Sum, developed_value, nothing
from ecocomp.terms.text import Text

SPEC = Spec(
    id="value_development",
    name=Text("价值 × 发展系数", "value × development coefficient"),
    summary=Text(
        "每公顷服务价值（可减去保护前已有的价值）乘社会发展阶段系数和功能区系数。",
        "Value of the services per hectare, less what stood before protection where that is given, times the development "
        "coefficient and a factor of the zone.",
    ),
    unit="fen/ha/a",
    inputs=(
        Use("parcel", "table", Text("地块", "parcels")),
        Use("parcel_zone", "table", Text("分区", "zones")),
        Use("service_value", "table", Text("服务价值", "value of services")),
        Use("economy", "table", Text("区域经济", "regional economy")),
    ),
    parameters=(
        Use("standard.development.factor", "1", Text("调整系数 k（按功能区）", "factor k by function zone"), optional=True),
        Use("standard.development.cap", "CNY/ha/a", Text("价值部分上限", "cap on the value"), optional=True),
        Use(
            "standard.development.t", "", Text("发展阶段 t 的取法（只能 inverse）", "how t is taken (only inverse)"), optional=True
        ),
        Use(
            "standard.baseline_value",
            "CNY/ha/a",
            Text("保护前已有的价值（按大类）", "value before protection, by group"),
            optional=True,
        ),
        Use("standard.engel.urban", "1", Text("城镇恩格尔系数", "urban Engel coefficient"), optional=True),
        Use("standard.engel.rural", "1", Text("农村恩格尔系数", "rural Engel coefficient"), optional=True),
        Use("standard.engel.urban_share", "1", Text("城镇化率", "share of urban people"), optional=True),
    ),
    outputs=(Use("parts", "fen/ha/a", Text("四部分（全部记入价值）", "four parts (all in value)")),),
    formula="Std = (ESV/A − V0)·L·k[zone]\nL = 1/(1 + e^−t)\nt = 1/En − 3\nEn = En_u·φ + En_r·(1 − φ)",
    holds=Text(
        "没有评估出服务价值的地块只剩法定最低；宜与成本下限同用（见 bounded）。",
        "Land without an assessed service is left with the statutory floor; better used with costs as lower bound (see bounded).",
    ),
    differs=Text(
        "t 直接取恩格尔系数的写法使越穷的地方系数越高，不予采用。",
        "The form t = En, in print, makes poorer places count higher and is not used.",
    ),
    references=(
        Reference("甘肃白龙江流域, doi 10.5846/stxb201509231959", "V", "L = 1/(1+e^(3−1/En))"),
        Reference("环京津地区耕地生态补偿量化研究, doi 10.13930/j.cnki.cjea.161080", "V", "composite Engel coefficient"),
    ),
    examples=(
        Example(
            {
                "land": {
                    "group": "1",
                    "function_zone": "water",
                    "grade": 2,
                    "red_line_ppm": 0,
                    "reserve_ppm": 0,
                    "area_dm2": 2_000_000,
                    "value_fen": 2_000_000,
                },
                "region": {"engel_ppm": 500_000, "income_fen_per_head": 1_600_000},
                "parameters": {"standard.development.factor": {"water": "0.5"}},
            },
            {"protection": 0, "opportunity": 0, "value": 134_471, "regional": 0},
            "by hand: 10 000 CNY/ha × 0.2689414214 × 0.5 = 1344.71",
            0.0,
        ),
    ),
)

LOWERS = frozenset({"standard.baseline_value", "standard.engel.urban", "standard.engel.rural"})


def prepare(params: Parameters, economy: Region) -> Sum:
    """Return the function that sets the value part of a parcel under these rules and this economy."""
    value = developed_value(
        params, economy, form="development", factor="standard.development.factor", cap="standard.development.cap"
    )
    return Sum(nothing(), nothing(), value, nothing())
