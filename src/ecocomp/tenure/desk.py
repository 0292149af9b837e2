"""The desk: one deed, the rows it touches, and what is found wrong with it. What all acts need.

An act (`ecocomp.tenure.acts`) reads and writes through a `Desk`. It notes every fault it sees; where it cannot go on it
stops, and everything the deed has written is undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any, NoReturn

from ecocomp.tenure.deed_spec import Deed, DeedSpec
from ecocomp.tenure.versions import FOREVER, SHARE_LIMIT, Row, Work, end_of, share_of
from ecocomp.terms.codes import SOURCE_KINDS
from ecocomp.terms.faults import Fault, Severity, errors
from ecocomp.terms.text import Text


class Stop(Exception):
    """The deed cannot go on; the faults are on the desk."""


class Desk:
    """One deed being written: `v` its values, `on` its day, `work` the registers, `document` and `source_id` its source."""

    def __init__(self, work: Work, deed: Deed, spec: DeedSpec) -> None:
        self.work, self.deed, self.spec = work, deed, spec
        self.v, self.on = deed.values, deed.on
        self.faults: list[Fault] = []
        self.document, self.source_id = "", ""

    # ------------------------------------------------ faults
    def note(self, code: str, record: str, clash: Text, remedy: Text, severity: Severity = "error") -> None:
        """Note a fault and go on."""
        said = " ".join(p for p in (self.deed.record, record) if p)
        self.faults.append(Fault(f"tenure.{code}", self.deed.where, said, clash, remedy, severity))

    def stop(self, code: str, record: str, clash: Text, remedy: Text) -> NoReturn:
        """Note a fault and stop."""
        self.note(code, record, clash, remedy)
        raise Stop

    def settle(self) -> None:
        """Stop if an error was noted."""
        if errors(self.faults):
            raise Stop

    # ------------------------------------------------ what must be there
    def party(self, party_id: str, kinds: Iterable[str] = ()) -> Row | None:
        """Return a party that exists on the day, of one of the kinds (any if none); note a fault otherwise."""
        rows = self.work.find("party", party_id=party_id)
        now = [r for r in rows if r["valid_from"] <= self.on < end_of(r)]
        kinds = tuple(kinds)
        if now and kinds and now[0]["kind"] not in kinds:
            clash = Text("是“{k}”，这里应为 {w}。", "is of kind “{k}”; here it should be {w}.").fill(
                k=now[0]["kind"], w="/".join(kinds)
            )
            self.note("party_kind", party_id, clash, Text("更正编码。", "Correct the code."))
            return None
        if now:
            return now[0]
        if rows:
            span = "; ".join(f"{r['valid_from']}–{r['valid_to'] or ''}" for r in rows)
            clash = Text("{d} 不存在（登记的存续期：{s}）。", "does not exist on {d} (registered for {s}).").fill(d=self.on, s=span)
            self.note("party_ended", party_id, clash, Text("核对日期和主体。", "Check the date and the party."))
        else:
            clash = Text("不在权利主体登记中。", "is not in the register of parties.")
            self.note(
                "unknown_party",
                party_id,
                clash,
                Text("先登记该主体，或更正编码。", "Register the party first, or correct the code."),
            )
        return None

    def object(self, register: str, column: str, value: str, word: Text) -> Row:
        """Return the version of an object that holds on the day; stop if there is none."""
        rows = self.work.find(register, **{column: value})
        now = [r for r in rows if r["valid_from"] <= self.on < end_of(r)]
        if now:
            return now[0]
        if not rows:
            clash = Text("登记中没有这项{w}。", "there is no such {w} in the register.").fill(w=word)
            self.stop("unknown_object", value, clash, Text("更正编码。", "Correct the code."))
        span = "; ".join(f"{r['valid_from']}–{r['valid_to'] or ''}" for r in rows)
        clash = Text("这项{w}在 {d} 不生效（生效期：{s}）。", "the {w} does not hold on {d} (it holds for {s}).").fill(
            w=word, d=self.on, s=span
        )
        return self.stop("not_in_force", value, clash, Text("核对生效日。", "Check the day the deed takes effect."))

    def right(self, right_id: str) -> Row:
        """Return the version of a right that holds on the day and is not changed later; stop if there is none."""
        row = self.object("tenure", "right_id", right_id, Text("权利", "right"))
        later = [r for r in self.work.find("tenure", right_id=right_id) if r["valid_from"] > self.on]
        other = [r for r in later if (r["holder_id"], share_of(r)) != (row["holder_id"], share_of(row))]
        if other:
            clash = Text(
                "{d} 起已登记了另外的权利人或份额（{h} {s}），本件在它之前生效。",
                "another holder or share ({h} {s}) is already registered from {d}, and this deed takes effect before it.",
            ).fill(d=other[0]["valid_from"], h=other[0]["holder_id"], s=share_of(other[0]))
            remedy = Text("先更正后来的登记，再依次登记两件。", "Correct the later entry first, then record both in order.")
            self.stop("later_versions", right_id, clash, remedy)
        return row

    def free(self, register: str, key: Mapping[str, str]) -> None:
        """Stop if an object of this name is in force on the day or later."""
        there = self.work.since(register, self.on, **key)
        if there:
            clash = Text("已有同名登记（{d} 起）。", "is already registered (from {d}).").fill(d=there[0]["valid_from"])
            remedy = Text("换一个编码；如为更正，用“更正登记”。", "Use another code; to mend an entry use “correct”.")
            self.stop("exists", " ".join(key.values()), clash, remedy)

    def parcel(self, parcel_id: str) -> None:
        """Note a fault if the parcel is not in the survey edition in force (where that is known)."""
        if self.work.parcels is not None and parcel_id not in self.work.parcels:
            clash = Text("不在现行测绘版次中。", "is not in the survey edition in force.")
            self.note(
                "unknown_parcel",
                parcel_id,
                clash,
                Text("更正地块编码，或先导入测绘版次。", "Correct the code, or import the survey first."),
            )

    # ------------------------------------------------ writing
    def put(self, register: str, **values: Any) -> Row:
        """Add a version that holds from the day on, unless it says otherwise."""
        row = {"valid_from": self.on, "valid_to": None, **values}
        if end_of(row) <= row["valid_from"]:
            clash = Text("失效日 {b} 不晚于生效日 {a}。", "it ends on {b}, not after it begins on {a}.")
            remedy = Text("对照凭证更正两个日期。", "Correct the two dates after the document.")
            self.stop("dates", self.deed.kind, clash.fill(a=row["valid_from"], b=row["valid_to"]), remedy)
        self.work.add(register, row)
        return row

    def put_right(self, share: Fraction, **values: Any) -> Row:
        """Add a right with an exact share, resting on the document of the deed unless it says otherwise."""
        return self.put("tenure", **{"state": "clear", **self.paper, **values}, **self.fraction(share))

    def fraction(self, share: Fraction) -> Row:
        """Return a share as its two columns; stop where it has become too fine for the register."""
        if share.denominator >= SHARE_LIMIT:
            clash = Text(
                "份额 {s} 的分母超出登记簿可容的范围。", "the denominator of the share {s} is beyond what the register holds."
            )
            remedy = Text("先合并份额，再办理本件。", "Bring shares together first.")
            self.stop("share_too_fine", "", clash.fill(s=share), remedy)
        return {"share_num": share.numerator, "share_den": share.denominator}

    def change(self, register: str, key: Row, changes: Row | None, *, since: date | None = None, until: date = FOREVER) -> None:
        """Write an object anew from the day on (or on [since, until)); None strikes it out, so that it ends."""
        self.work.rewrite(register, key, since or self.on, until, changes)

    def new_right_id(self, parcel_id: str, kind: str, holder_id: str) -> str:
        """Return a code for a new right, made of parcel, kind, holder and day, that no right of the parcel has."""
        stem = "~".join((parcel_id, kind, holder_id, f"{self.on:%Y%m%d}"))
        taken = {r["right_id"] for r in self.work.find("tenure", parcel_id=parcel_id)}
        return next(c for c in (stem, *(f"{stem}~{n}" for n in range(2, len(taken) + 3))) if c not in taken)

    @property
    def paper(self) -> Row:
        """Return the columns of a right that name the document of the deed."""
        return {"document": self.document, "source_id": self.source_id}

    # ------------------------------------------------ the document
    def file_source(self) -> None:
        """Find the document of the deed in the register of sources, or register it."""
        said = self.v["source"]
        found = self._registered(said if isinstance(said, str) else said.get("id", said["number"]))
        if isinstance(said, str):
            if found is None:
                clash = Text("凭证不在文件登记中。", "the document is not in the register of sources.")
                remedy = Text(
                    "写明 number、kind、title、issuer、dated，以便登记。",
                    "Give number, kind, title, issuer and dated so that it can be registered.",
                )
                self.stop("unknown_source", said, clash, remedy)
            kind, number, id = found["kind"], found["number"], found["source_id"]
        else:
            kind, number, id = said["kind"], said["number"], said.get("id", said["number"])
            self._register(said, id, found)
        if self.spec.sources and kind not in self.spec.sources:
            clash = Text("“{t}”不能凭“{k}”办理。", "“{t}” cannot rest on a “{k}”.").fill(
                t=self.spec.title, k=SOURCE_KINDS.get(kind, kind)
            )
            known = Text(
                "、".join(SOURCE_KINDS[s].zh for s in self.spec.sources), ", ".join(SOURCE_KINDS[s].en for s in self.spec.sources)
            )
            self.note("source_kind", number, clash, Text("所需凭证：{all}。", "It needs: {all}.").fill(all=known))
        self.document, self.source_id = number, id

    def _registered(self, said: str) -> Row | None:
        rows = self.work.find("source", source_id=said) or self.work.find("source", number=said)
        return rows[-1] if rows else None

    def _register(self, said: Mapping[str, Any], id: str, found: Row | None) -> None:
        sha = said.get("sha256")
        if sha is not None and not (len(sha) == 64 and set(sha.lower()) <= set("0123456789abcdef")):
            clash = Text("扫描件指纹应为 64 位十六进制数。", "the fingerprint of the scan should have 64 hexadecimal digits.")
            self.note("fingerprint", id, clash, Text("用 SHA-256 重新计算。", "Compute it again with SHA-256."))
        if found is None:
            since = min(said.get("dated", self.on), self.on)
            row = {"title": self.spec.title.zh, "issuer": "", **{k: v for k, v in said.items() if k != "id"}}
            self.put("source", source_id=id, **row, valid_from=since)
            return
        other = [k for k, v in said.items() if k != "id" and found[k] is not None and found[k] != v]
        if other:
            k = other[0]
            clash = Text(
                "文件登记中 {k} 是“{a}”，这里写的是“{b}”。", "the register of sources has “{a}” as its {k}, here it is “{b}”."
            )
            remedy = Text("更正本件，或给新文件另一个编码（id）。", "Correct the deed, or give a new document its own id.")
            self.note("source_clash", id, clash.fill(k=k, a=found[k], b=said[k]), remedy)
