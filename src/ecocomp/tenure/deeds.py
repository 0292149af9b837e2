"""The deeds of a land office: what changes hands, how, on what document, and what the registers say afterwards.

A deed is a pure function of the versions known now (`Book`): it gives a `Delta` and the faults found. It writes nothing
itself; whoever keeps the registers records the delta in one transaction. Several deeds make one transaction: each sees what
those before it wrote, and if one of them has an error nothing is recorded.

Every deed rests on a document and takes effect on a day (`on`), in the future, or in the past where it says so
(`retroactive: true`; a death and a correction need not). Shares are exact fractions of the parcel.

>>> sorted(DEEDS)[:4]
['advance_dispute', 'change_party', 'consolidate', 'correct']

References: Civil Code of China, art. 208-232 (registration and its effect), 297-310 (shares), 330-343 (contract and
management rights), 394-424 (mortgages); ISO 19152-2:2025 (LADM), transactions on RRRs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from ecocomp.tenure import invariants
from ecocomp.tenure.acts import burdens, disputes, ground, people, titles
from ecocomp.tenure.deed_spec import COMMON, Deed, DeedSpec, Field, Wrong, read_value
from ecocomp.tenure.desk import Desk, Stop
from ecocomp.tenure.versions import Book, Delta, Row, Work, applied
from ecocomp.terms.faults import Fault, FaultsError, errors
from ecocomp.terms.registers import CADASTRE
from ecocomp.terms.text import Text

DEEDS: dict[str, DeedSpec] = {s.id: s for part in (people, titles, ground, burdens, disputes) for s in part.SPECS}
"""Every kind of deed by its id, with fields, titles and an example."""


# ---------------------------------------------------------------- recording
def perform(book: Book, deeds: Deed | Sequence[Deed], *, apart: bool = False) -> tuple[Delta, list[Fault]]:
    """Write one deed, or several in their order as one transaction; return what changes and every fault.

    book     versions known now of what the deeds touch (see `gathered`)
    apart    deeds that do not rest on each other: those with an error are left out, the others stand
    returns  the delta, empty if any fault is an error (unless apart), and the faults of all deeds
    """
    work = Work(book)
    faults: list[Fault] = []
    for deed in [deeds] if isinstance(deeds, Deed) else deeds:
        faults += _one(work, deed)
    return (Delta() if errors(faults) and not apart else work.delta()), faults


def _one(work: Work, deed: Deed) -> list[Fault]:
    """Write one deed on the working copy; undo it if it has an error."""
    spec = DEEDS[deed.kind]
    desk, mark = Desk(work, deed, spec), work.mark()
    try:
        _day_allowed(desk, spec)
        desk.file_source()
        spec.act(desk)
        invariants.check(desk, mark)
        _did_something(desk, mark)
    except Stop:
        pass
    if errors(desk.faults):
        work.back(mark)
    return desk.faults


def _day_allowed(desk: Desk, spec: DeedSpec) -> None:
    today = desk.work.today
    if today is not None and desk.on < today and not (spec.past or desk.v.get("retroactive")):
        clash = Text(
            "{d} 生效，今天是 {t}，没有写明追溯。", "takes effect on {d}, today is {t}, and it does not say that it reaches back."
        )
        remedy = Text("更正生效日；确需追溯写 retroactive: true。", "Correct the day; if it does reach back say retroactive: true.")
        desk.note("retroactive", "", clash.fill(d=desk.on, t=today), remedy)


def _did_something(desk: Desk, mark: int) -> None:
    if all(register == "source" for register in CADASTRE if any(desk.work.touched(register, mark))) and not errors(desk.faults):
        clash = Text("没有改变任何登记。", "changes nothing in the registers.")
        desk.note("no_change", "", clash, Text("核对编码和内容。", "Check codes and content."), "warning")


# ---------------------------------------------------------------- a deed from written values
def deed_of(written: Mapping[str, Any], *, where: str = "deed", line: int = 0) -> tuple[Deed | None, list[Fault]]:
    """Return a deed from its fields as written (see `DEEDS`), or None, and every fault.

    written  ``deed`` (its kind), the common fields `COMMON`, and the fields of its kind; empty values count as not given
    """
    kind = written.get("deed")
    spec = DEEDS.get(kind) if isinstance(kind, str) else None
    if spec is None:
        clash = Text("没有“{k}”这种业务。", "there is no deed “{k}”.").fill(k=str(kind)[:40])
        remedy = Text("可用：{all}。", "Known: {all}.").fill(all=", ".join(DEEDS))
        return None, [Fault("tenure.deed_kind", where, f"line {line}" if line else "", clash, remedy)]
    fields = {s.name: s for s in (*COMMON, *spec.fields)}
    record = f"line {line} {spec.id}" if line else spec.id
    faults = [_unknown(name, fields, where, record) for name in written if name not in fields and name != "deed"]
    values: dict[str, Any] = {}
    for name, field in fields.items():
        raw = written.get(name)
        if raw is None or raw == "":
            if field.required:
                faults.append(_missing(field, where, record))
            continue
        try:
            values[name] = read_value(field, raw)
        except Wrong as wrong:
            faults.append(Fault("tenure.deed_value", where, f"{record} {name}", wrong.clash, wrong.remedy))
    if faults:
        return None, faults
    on = values.pop("on")
    return Deed(spec.id, on, values, where, line), []


def deed(kind: str, /, **written: Any) -> Deed:
    """Return a deed from its fields as written; ``from_`` stands for the field ``from``. raises FaultsError

    >>> deed("end_duty", on="2025-01-01", source="S1", contract_id="K1").on.year
    2025
    """
    made, faults = deed_of({"deed": kind, **{k.rstrip("_"): v for k, v in written.items()}})
    if made is None:
        raise FaultsError(faults)
    return made


def _unknown(name: str, fields: Mapping[str, Field], where: str, record: str) -> Fault:
    clash = Text("没有“{k}”这一项。", "has no field “{k}”.").fill(k=str(name)[:40])
    return Fault(
        "tenure.deed_field", where, record, clash, Text("可用：{all}。", "It may have: {all}.").fill(all=", ".join(fields))
    )


def _missing(field: Field, where: str, record: str) -> Fault:
    clash = Text("缺少 {k}（{t}）。", "lacks {k} ({t}).").fill(k=field.name, t=field.title)
    return Fault("tenure.deed_field", where, record, clash, Text("补上。", "Give it."))


# ---------------------------------------------------------------- what a deed needs to see
Fetch = Callable[[str, str, Collection[str]], Iterable[Row]]
"""Gives the versions known now of a register whose column has one of the values: ``fetch("tenure", "parcel_id", ids)``."""

_PARTY_FIELDS = (
    "party_id",
    "from",
    "into",
    "to",
    "heirs",
    "creditor_id",
    "claimant_id",
    "holder_id",
    "duties_to",
    "group_id",
    "shares",
)
_OBJECT_FIELDS = {
    "mortgage_id": "mortgage", "restriction_id": "restriction", "contract_id": "duty", "dispute_id": "dispute",
}  # fmt: skip


def gathered(deeds: Sequence[Deed], fetch: Fetch, **book: Any) -> Book:
    """Return the book that deeds need, fetched from wherever the registers are kept.

    Fetches the objects the deeds name, the parcels these lie on, and everything on those parcels, in few rounds.

    fetch  see `Fetch`; called with sorted values
    book   ``today`` and ``parcels`` of the `Book`
    """
    found = _Gather(fetch)
    for d in deeds:
        _named(d, found)
    found.close()
    return Book(found.rows, **book)


class _Gather:
    """Collects rows once each, and follows them from rights to parcels and from groups to members."""

    def __init__(self, fetch: Fetch) -> None:
        self.fetch = fetch
        self.rows: dict[str, list[Row]] = {n: [] for n in CADASTRE}
        self.wanted: dict[tuple[str, str], set[str]] = {}
        self.done: dict[tuple[str, str], set[str]] = {}
        self._seen: set[tuple[Any, ...]] = set()

    def want(self, register: str, column: str, values: Iterable[Any]) -> None:
        """Ask for the versions whose column has one of the values."""
        self.wanted.setdefault((register, column), set()).update(v for v in values if v)

    def close(self) -> None:
        """Fetch until nothing new is asked for."""
        while todo := {k: v - self.done.get(k, set()) for k, v in self.wanted.items() if v - self.done.get(k, set())}:
            for (register, column), values in todo.items():
                self.done.setdefault((register, column), set()).update(values)
                for row in self.fetch(register, column, sorted(values)):
                    key = (register, *(row[c] for c in CADASTRE[register].key))
                    if key not in self._seen:
                        self._seen.add(key)
                        self.rows[register].append(row)
                        self._follow(register, row)

    def _follow(self, register: str, row: Row) -> None:
        if register == "tenure":
            self.parcel(row["parcel_id"])
            self.want("party", "party_id", [row["holder_id"]])
            self.want("mortgage", "right_id", [row["right_id"]])
        elif register == "mortgage":
            self.want("tenure", "right_id", [row["right_id"]])
        elif register in ("duty", "dispute"):
            self.parcel(row["parcel_id"])
        elif register == "member":
            self.group(row["group_id"])
            self.want("party", "party_id", [row["member_id"]])
            self.want("member", "member_id", [row["member_id"]])

    def parcel(self, parcel: str | None) -> None:
        """Ask for everything on a parcel."""
        for register in ("tenure", "duty", "restriction", "dispute"):
            self.want(register, "parcel_id", [parcel])

    def group(self, group: str) -> None:
        """Ask for a party and its members."""
        self.want("party", "party_id", [group])
        self.want("member", "group_id", [group])


def _named(deed: Deed, found: _Gather) -> None:
    """Ask for what a deed names; codes that are no party or right give nothing and cost little."""
    v = deed.values
    said = v["source"]
    codes = [said] if isinstance(said, str) else [said["number"], said.get("id")]
    for column in ("source_id", "number"):
        found.want("source", column, codes)
    parties = [p for name in _PARTY_FIELDS for p in _codes_in(v.get(name))]
    for name in ("rights", "shares"):
        parties += [x for s in _values_of(v.get(name)) if isinstance(s, dict) for x in s]
    parties += [x for name in ("members", "duties") for x in _values_of(v.get(name)) if isinstance(x, str)]
    parties += _codes_in(v.get("members"))
    for party in parties:
        found.group(party)
        found.want("member", "member_id", [party])
    if deed.kind in ("inherit", "split_household", "merge_households", "end_party"):
        holders = _codes_in(v.get("from")) or _codes_in(v.get("party_id"))
        found.want("tenure", "holder_id", holders)
        found.want("duty", "holder_id", holders)
    found.want("tenure", "right_id", [v.get("right_id"), v.get("new_right_id"), *_codes_in(v.get("rights"))])
    for name, register in _OBJECT_FIELDS.items():
        found.want(register, name, [v.get(name)])
    found.want("duty", "contract_id", _codes_in(v.get("duties")))
    for parcel in (v.get("parcel_id"), *(p for old, new, _ in v.get("pieces", []) for p in (old, new))):
        found.parcel(parcel)
    if deed.kind == "correct":
        _corrected(deed, found)


def _corrected(deed: Deed, found: _Gather) -> None:
    register, id = deed.values["register"], deed.values["id"]
    found.want(register, CADASTRE[register].key[0], id.split())
    changes = deed.values.get("set", {})
    found.want(
        "party",
        "party_id",
        [v for k, v in changes.items() if k in ("holder_id", "member_id", "creditor_id") and isinstance(v, str)],
    )
    found.parcel(changes.get("parcel_id") if isinstance(changes.get("parcel_id"), str) else None)


def _codes_in(value: Any) -> list[str]:
    """Return the codes in a value: a text, a list, or the names of a mapping."""
    if isinstance(value, str):
        return [value]
    return [x for x in value if isinstance(x, str)] if isinstance(value, list | dict) else []


def _values_of(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else []


__all__ = ["COMMON", "DEEDS", "Book", "Deed", "DeedSpec", "Delta", "Fetch", "applied", "deed", "deed_of", "gathered", "perform"]
