"""How `ecocomp assess` says what it found."""

from __future__ import annotations

from typing import Any

from ecocomp.cli.say import Voice
from ecocomp.pipeline.assess import Assessed, totals
from ecocomp.registry import entries
from ecocomp.terms.codes import ecosystem_words, service_words
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text, same

LEFT_OUT, UNPRICED = "services.class_not_assessed", "valuation.unpriced"
"""Notes of which a county has many: said in few lines here, whole with --json."""


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
    for service, method in dict.fromkeys((r["service"].partition(".")[0], r["method"]) for r in sums):
        voice.say(Text("  {s}：{m}", "  {s}: {m}").fill(s=_name(service), m=method.removeprefix(f"{service} ")))
    _classes_left_out(voice, [n for n in notes if n.code == LEFT_OUT])
    _unpriced(voice, [n.record for n in notes if n.code == UNPRICED])
    voice.faults([n for n in notes if n.code not in (LEFT_OUT, UNPRICED)], show=20)
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


def _classes_left_out(voice: Voice, notes: list[Fault]) -> None:
    """Print one line for each service: the ecosystems its method has no coefficient for, with their codes."""
    codes: dict[str, set[str]] = {}
    for note in notes:
        codes.setdefault(note.where, set()).update(note.record.split())
    if not codes:
        return
    voice.warn(
        Text(
            "方法没有给出系数的生态系统（不算适用面积，不计为 0；全文用 --json）：",
            "Ecosystems without a coefficient (not ground the service is meant for, and not 0; in full with --json):",
        )
    )
    for service, found in codes.items():
        voice.warn(
            Text("  {s}：{e}（{c}）", "  {s}: {e} ({c})").fill(
                s=_name(service), e=ecosystem_words(found), c=" ".join(sorted(found))
            )
        )


def _unpriced(voice: Voice, services: list[str]) -> None:
    """Print in one line which services have quantities that the rules name no price method for."""
    if not services:
        return
    names = [_name(s) for s in services]
    voice.warn(
        Text(
            "只列实物量、不计价的服务（valuation.methods 没有为它们写方法）：{n}",
            "Shown in quantities only (valuation.methods names no method for them): {n}",
        ).fill(n=Text("、".join(t.zh for t in names), ", ".join(t.en for t in names)))
    )


def _name(service: str) -> Text:
    """Return the name of a service or of one of its products; that of a service of another package is in its spec."""
    known = service_words(service)
    if known is not None:
        return known
    id, _, product = service.partition(".")
    found = entries("services.models").get(id)
    if found is None:
        return same(service)
    name = found.spec.name
    return Text(f"{name.zh}（{product}）", f"{name.en}: {product}") if product else name


def _row(row: dict[str, Any], voice: Voice) -> list[str]:
    name = _name(row["service"]).to(voice.lang)
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
