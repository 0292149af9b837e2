"""Two versions of an agreement side by side: what a renewal changed, key by key. A renewal is a new agreement, never an edit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from ecocomp.agreements.model import Agreement
from ecocomp.agreements.readings import say
from ecocomp.agreements.shape import is_number
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text

_KEYS = {"parties": "code", "sections": "id", "indicators": "code", "clauses": "kind"}


class Change(NamedTuple):
    """One difference: where, before, after; None: it is not there."""

    at: str
    before: str | None
    after: str | None


def differences(first: Agreement, second: Agreement) -> list[Change]:
    """Return every value that differs; lists of parties, sections, indicators and clauses are matched by their codes."""
    out: list[Change] = []
    _walk("", _keyed(first.data, ""), _keyed(second.data, ""), out)
    return out


def _keyed(value: Any, key: str) -> Any:
    if isinstance(value, Mapping):
        return {k: _keyed(v, k) for k, v in value.items() if not (key == "" and k == "published")}
    if isinstance(value, list):
        name = _KEYS.get(key)
        if name and all(isinstance(v, Mapping) for v in value):
            out: dict[str, Any] = {}
            for v in value:
                base = str(v.get(name, "?"))
                label, n = base, 2
                while label in out:
                    label, n = f"{base}#{n}", n + 1
                out[label] = _keyed({k: x for k, x in v.items() if k != name}, label)
            return out
        return {str(n): _keyed(v, key) for n, v in enumerate(value, 1)}
    return value


def _walk(at: str, one: Any, two: Any, out: list[Change]) -> None:
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        for k in [*one, *(k for k in two if k not in one)]:
            _walk(f"{at}.{k}".lstrip("."), one.get(k), two.get(k), out)
        return
    if isinstance(one, Mapping) or isinstance(two, Mapping):
        _walk(at, one if isinstance(one, Mapping) else {}, two if isinstance(two, Mapping) else {}, out)
        for side, place in ((one, 0), (two, 1)):
            if not isinstance(side, Mapping) and side is not None:
                out.append(Change(at, _said(side) if place == 0 else None, _said(side) if place else None))
        return
    if _said(one) != _said(two):
        out.append(Change(at, _said(one), _said(two)))


def _said(value: Any) -> str | None:
    if value is None:
        return None
    if is_number(value):
        from fractions import Fraction

        return say(Fraction(value))
    return str(value)


def renewal_faults(agreements: Mapping[str, Agreement]) -> list[Fault]:
    """Return what is wrong between versions: the previous one is not there, terms overlap or leave a gap, two renew one."""
    out: list[Fault] = []
    renewed: dict[str, str] = {}
    for a in agreements.values():
        before = a.data.get("previous")
        if before is None:
            continue
        if before in renewed:
            out.append(
                _fault(a, "error", Text("{p} 已由 {o} 续签。", "{p} is renewed by {o} already.").fill(p=before, o=renewed[before]))
            )
        renewed.setdefault(before, a.id)
        if before not in agreements:
            out.append(
                _fault(
                    a, "warning", Text("没有上一版 {p} 的文件。", "There is no file of the previous version {p}.").fill(p=before)
                )
            )
            continue
        old = agreements[before]
        if old.valid_to >= a.valid_from:
            clash = Text("期限与上一版 {p} 重叠：{b} 到 {e}。", "The term overlaps that of {p}: {b} to {e}.").fill(
                p=before, b=a.valid_from, e=old.valid_to
            )
            out.append(_fault(a, "error", clash))
        elif a.valid_from > old.valid_to + timedelta(days=1):
            clash = Text("与上一版 {p} 之间有空档：{e} 到 {b}。", "There is a gap after {p}: {e} to {b}.").fill(
                p=before, b=a.valid_from, e=old.valid_to
            )
            out.append(_fault(a, "warning", clash))
        common = set(old.years()) & set(a.years())
        if common:
            clash = Text("{y} 年在两版里都结算。", "Year {y} is settled under both versions.").fill(
                y=", ".join(map(str, sorted(common)))
            )
            out.append(_fault(a, "error", clash))
        if int(a.data.get("version") or 2) <= int(old.data.get("version") or 1):
            out.append(_fault(a, "error", Text("版本号没有大于上一版。", "The version is not above that of the previous one.")))
    return out


def _fault(a: Agreement, severity: Any, clash: Text) -> Fault:
    return Fault(
        "agreements.renewal",
        a.file,
        "previous",
        clash,
        Text("更正 previous、version 或期限。", "Mend previous, version or the term."),
        severity,
    )
