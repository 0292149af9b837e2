"""Rules for a county as a whole, such as the least share of ecological forest in converted forest (Decree 367, art. 23)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.programmes.programme import Programme
from ecocomp.programmes.rates import Rates
from ecocomp.programmes.words import KEEPING_STATES
from ecocomp.rules import Parameters
from ecocomp.terms.area import say_mu
from ecocomp.terms.clocks import as_of
from ecocomp.terms.faults import Fault
from ecocomp.terms.text import Text


@dataclass(frozen=True)
class CountyShare:
    """One rule in one county: area counted, area it is a share of, the limits, and whether they are kept."""

    county: str
    rule: str
    of_dm2: int
    among_dm2: int
    least: Fraction | None
    most: Fraction | None

    @property
    def share(self) -> Fraction | None:
        """The share; None where there is nothing to be a share of."""
        return Fraction(self.of_dm2, self.among_dm2) if self.among_dm2 else None

    @property
    def kept(self) -> bool:
        """Whether the limits are kept; nothing at all keeps every limit."""
        s = self.share
        return s is None or ((self.least is None or s >= self.least) and (self.most is None or s <= self.most))


def county_shares(
    programme: Programme, contract: pa.Table, enrolment: pa.Table, parcel: pa.Table, params: Parameters
) -> tuple[list[CountyShare], list[Fault]]:
    """Return every county rule of a programme by county (first six digits of the village), with a fault for each not kept."""
    if not programme.county:
        return [], []
    rows = _areas(programme, contract, enrolment, parcel, params)
    rates = Rates(programme, params)
    out: list[CountyShare] = []
    faults: list[Fault] = []
    for rule in programme.county:
        least, most = (None if rule[k] is None else rates.amount(rule[k], "", params.valid_on) for k in ("least", "most"))
        for county in sorted(rows):
            of, among = (sum(rows[county].get(v, 0) for v in rule[k]) for k in ("of", "among"))
            found = CountyShare(county, rule["id"], of, among, least, most)
            out.append(found)
            if not found.kept:
                faults.append(_broken(programme, rule, found))
    return out, [*faults, *rates.faults.values()]


def _areas(
    programme: Programme, contract: pa.Table, enrolment: pa.Table, parcel: pa.Table, params: Parameters
) -> dict[str, dict[str, int]]:
    now = as_of(enrolment, params.valid_on, params.known_on)
    now = now.filter(
        pc.and_(pc.equal(now["programme"], programme.contracts_of), pc.is_in(now["state"], value_set=pa.array(KEEPING_STATES)))
    )
    held = as_of(contract, params.valid_on, params.known_on)
    where = dict(zip(held["contract_id"].to_pylist(), held["parcel_id"].to_pylist(), strict=True))
    ground = dict(
        zip(
            parcel["parcel_id"].to_pylist(),
            zip(parcel["village_code"].to_pylist(), parcel["area_dm2"].to_pylist(), strict=True),
            strict=True,
        )
    )
    out: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    names = ("contract_id", "variant", "area_dm2", "parcel_id")
    for contract_id, variant, area, own in zip(*(now[n].to_pylist() for n in names), strict=True):
        village, whole = ground.get(own or where.get(contract_id, ""), ("", 0))
        if village:
            out[village[:6]][variant or ""] += whole if area is None else area
    return out


def _broken(programme: Programme, rule: Mapping[str, object], found: CountyShare) -> Fault:
    row: dict[str, object] = dict(rule)
    share = found.share or Fraction(0)
    limit = found.least if found.least is not None and share < found.least else found.most
    return Fault(
        "programmes.county_share",
        found.county,
        f"{programme.id}.{found.rule}",
        Text("{n}：{a} 亩占 {b} 亩，为 {s}，界限是 {l}（{d}）。", "{n}: {a} mu of {b} mu are {s}; the limit is {l} ({d}).").fill(
            n=row["name"],
            a=say_mu(found.of_dm2),
            b=say_mu(found.among_dm2),
            s=_percent(share),
            l=_percent(limit or Fraction(0)),
            d=" ".join(str(x) for x in (row["document"], row["article"]) if x),
        ),
        Text(
            "调整造林计划；达到之前不再新签其余措施的合同。",
            "Change the plan; sign no more contracts of the other kinds before it is kept.",
        ),
    )


def _percent(value: Fraction) -> str:
    return f"{float(value) * 100:.2f} %"
