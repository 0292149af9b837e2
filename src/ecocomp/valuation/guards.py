"""Double counting: which services may never stand in one total, which are stocks, and which pairs are debated.

The lists are rules (`valuation.gep.exclusive`, `valuation.gep.stocks`, `valuation.gep.debated`), so that a ministry can
read and change them. A name without a product stands for all products of the service.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ecocomp.rules import Parameters
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

EXCLUSIVE, STOCKS, DEBATED = "valuation.gep.exclusive", "valuation.gep.stocks", "valuation.gep.debated"
EQUIVALENT = "equivalent_"
"""How the methods begin that value land by equivalents, not services by prices."""


def covers(name: str, service: str) -> bool:
    """Return whether the rule name `name` means `service`: the same id, or the service that `service` is a product of.

    >>> covers("flood_regulation", "flood_regulation.lake"), covers("flood_regulation.lake", "flood_regulation")
    (True, False)
    """
    return service == name or service.startswith(f"{name}.")


def double_counts(services: Iterable[str], params: Parameters) -> list[Fault]:
    """Return a fault for every pair of `services` that counts one thing twice, and for every stock among them."""
    names = sorted(set(services))
    faults = [_clash(params, item, found) for item, found in _together(names, params, EXCLUSIVE)]
    stocks = params.items(STOCKS) if params.has(STOCKS) else []
    return faults + [_stock(params, s) for s in names if any(covers(str(k), s) for k in stocks)]


def debated(services: Iterable[str], params: Parameters) -> list[Fault]:
    """Return a warning for every pair of `services` whose common total is debated."""
    return [
        Fault(
            "valuation.debated",
            held.file,
            f"line {held.line}",
            Text("{s} 同在一个合计中，这有争议：{w}。", "{s} stand in one total, which is debated: {w}.").fill(
                s=", ".join(found), w=_why(item)
            ),
            Text("在报告中写明，或只计其中一项。", "Say so in the report, or count one of them only."),
            "warning",
        )
        for item, found in _together(sorted(set(services)), params, DEBATED)
        for held in [params.get(DEBATED)]
    ]


def family(method: str) -> str:
    """Return which family of values a method with its version belongs to: ``gep``, or the edition of equivalents.

    >>> family("dredging@1"), family("equivalent_2015@1")
    ('gep', 'equivalent_2015')
    """
    return method.partition("@")[0] if method.startswith(EQUIVALENT) else "gep"


def mixed_families(methods: Iterable[str]) -> list[Fault]:
    """Return a fault where values of several families stand together: they value the same land twice."""
    found = sorted({family(m) for m in methods})
    if len(found) < 2:
        return []
    return [
        Fault(
            "valuation.mixed_families",
            "service_value",
            "",
            Text(
                "价值出自不同的核算体系：{f}。它们各自计量同一片土地的全部服务，不能相加。",
                "The values come of different systems: {f}. Each values all services of the same land, so they cannot be added.",
            ).fill(f=", ".join(found)),
            Text("分别合计、并列比较，不要相加。", "Total each by itself and compare; never add."),
        )
    ]


def _together(names: list[str], params: Parameters, key: str) -> Iterator[tuple[Any, list[str]]]:
    """Yield each item of a list of pairs of which at least two members are among `names`, with the names it meets."""
    for item in params.items(key) if params.has(key) else []:
        met = [[s for s in names if covers(str(member), s)] for member in item["services"]]
        if sum(bool(m) for m in met) > 1:
            yield item, [s for m in met for s in m]


def _why(item: Any) -> Text:
    return Text(str(item.get("zh", "")), str(item.get("en", "")))


def _clash(params: Parameters, item: Any, found: list[str]) -> Fault:
    held = params.get(EXCLUSIVE)
    return Fault(
        "valuation.double_count",
        held.file,
        f"line {held.line}",
        Text("{s} 不得同时计价：{w}。", "{s} may not be priced together: {w}.").fill(s=", ".join(found), w=_why(item)),
        Text(
            "在 valuation.methods 中只留其中一项；其余只列实物量。",
            "Keep one of them in valuation.methods; the others are shown in physical units only.",
        ),
    )


def _stock(params: Parameters, service: str) -> Fault:
    held = params.get(STOCKS)
    return Fault(
        "valuation.stock",
        held.file,
        f"line {held.line}",
        Text("{s} 是存量，没有年价值。", "{s} is a stock and has no yearly value.").fill(s=service),
        Text("为它的年变化（如固碳）定价。", "Price its yearly change (such as carbon sequestration) instead."),
    )
