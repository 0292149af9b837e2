"""How `ecocomp assess` says what it found."""

from __future__ import annotations

from typing import Any

from ecocomp.cli.say import Voice
from ecocomp.pipeline.assess import Assessed, totals
from ecocomp.terms.codes import service_words
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text, same


def say_assessed(voice: Voice, found: list[Assessed], warnings: list[Fault]) -> None:
    """Print the totals of each year, what was not assessed, and the unverified parameters the figures rest on."""
    voice.data({"years": [_data(a) for a in found], "warnings": [f.as_json() for f in warnings]})
    if voice.as_json:
        return
    voice.faults(warnings, show=10)
    told: set[Fault] = set()
    for made in found:
        _say_year(voice, made, [f for f in made.notes if f not in told])
        told.update(made.notes)


def _data(made: Assessed) -> dict[str, Any]:
    return {
        "year": made.year,
        "services": totals(made.service, made.service_value, made.area_ha),
        "notes": [f.as_json() for f in made.notes],
        "unverified": made.unverified,
        "files": [str(p) for p in made.files],
    }


def _say_year(voice: Voice, made: Assessed, notes: list[Fault]) -> None:
    """Print a year; `notes` are those that no year before it had."""
    heads = [
        Text("服务", "service"),
        Text("数量", "quantity"),
        Text("下界–上界", "low–high"),
        Text("单位", "unit"),
        Text("价值（万元）", "value (10⁴ CNY)"),
        Text("价格年", "prices of"),
        Text("观测占比", "observed"),
    ]
    sums = totals(made.service, made.service_value, made.area_ha)
    rows = [_row(r, voice) for r in sums]
    voice.table(Text("{y} 年", "{y}").fill(y=made.year), heads, rows, right=(1, 2, 4, 6))
    voice.say(Text("方法", "Methods"))
    for method in dict.fromkeys(r["method"] for r in sums):
        voice.say(f"  {method}")
    voice.faults(notes, show=20)
    if made.unverified:
        names = ", ".join(made.unverified)
        voice.say(
            Text(
                "依据 {n} 个未核实的参数（研究可用，支付须逐个认可）：{k}",
                "Rests on {n} unverified parameters (fit for study; a payment has to accept each by name): {k}",
            ).fill(n=len(made.unverified), k=names)
        )
    if made.files:
        voice.say(Text("已写入 {p}（{n} 个文件）", "Wrote {p} ({n} files)").fill(p=made.files[0].parent, n=len(made.files)))


def _row(row: dict[str, Any], voice: Voice) -> list[str]:
    name = (service_words(row["service"]) or same(row["service"])).to(voice.lang)
    if row["quantity"] is None:
        return [name, Text("未评估", "not assessed").to(voice.lang), "", row["unit"], "", "", ""]
    worth = "" if row["value_fen"] is None else f"{row['value_fen'] / 1e6:,.2f}"
    return [
        name,
        _figure(row["quantity"], 6),
        f"{_figure(row['low'], 4)}–{_figure(row['high'], 4)}",
        row["unit"],
        worth,
        "" if row["price_year"] is None else str(row["price_year"]),
        "" if row["observed"] is None else f"{row['observed']:.0%}",
    ]


def _figure(number: float, digits: int) -> str:
    """Return a number with so many digits that count, written out where a person reads it more easily than as a power."""
    return f"{number:,.0f}" if 10.0**digits <= abs(number) < 1e12 else f"{number:,.{digits}g}"
