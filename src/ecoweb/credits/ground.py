"""Ground claimed once: claims on the same ground, whatever codes its parcels bear in one survey edition or another.

A claim names parcels as the office knew them when it was registered. When a later edition divides, joins or redraws them,
the claim stays on its ground: claims on the successors are weighed against it piece by piece. An undivided share of a
parcel is the same share of each of its pieces, so on no piece may claims that exclude one another come to more than 1.
Pieces below the tolerance of survey comparisons (`ecocomp.land.compare.Tolerances`) decide nothing. A parcel that stands in
no edition of the office is its code.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ecocomp.credits.claims import Claim, double_claims
from ecocomp.credits.instrument import Instrument, instruments
from ecocomp.terms.clocks import OFFICE_ZONE
from ecocomp.terms.faults import Fault, FaultsError, UsageError
from ecocomp.terms.text import Text
from ecoweb.cadastre.queries import edition_file
from ecoweb.credits.desk import Rules
from ecoweb.office import Office
from ecoweb.records.queries import versions

if TYPE_CHECKING:
    from ecocomp.land.edition import Edition

Place = tuple[int, str]
"""A parcel as one edition has it: number of the edition, code of the parcel."""


@dataclass(frozen=True)
class Placed:
    """A claim, and the moment it was first registered: it means the parcels of that day."""

    claim: Claim
    since: datetime


# ---------------------------------------------------------------- reading claims
def placed_claims(office: Office, project: str = "") -> list[Placed]:
    """Return every claim (of one project), as known now, whenever it holds."""
    ground = versions(office, "credit_ground", {"project_id": project} if project else None).to_pylist()
    first: dict[tuple[str, str], datetime] = {}
    for r in ground:
        key = (r["project_id"], r["parcel_id"])
        first[key] = min(first.get(key, r["known_from"]), r["known_from"])
    live = [r for r in ground if r["known_to"] is None]
    projects = _projects(office, {r["project_id"] for r in live})
    return [
        Placed(_claim(r, *projects[r["project_id"]]), first[r["project_id"], r["parcel_id"]])
        for r in live
        if r["project_id"] in projects
    ]


def _projects(office: Office, ids: set[str]) -> dict[str, tuple[str, str]]:
    found = versions(office, "credit_project", {"project_id": sorted(ids)}).to_pylist() if ids else []
    return {r["project_id"]: (r["instrument"], r["benefit"]) for r in found if r["known_to"] is None}


def _claim(row: Mapping[str, Any], instrument: str, benefit: str) -> Claim:
    share = Fraction(row["share_num"], row["share_den"])
    return Claim(row["project_id"], instrument, benefit, row["parcel_id"], share, row["valid_from"], row["valid_to"])


def own_claims(office: Office, project: str) -> list[Claim]:
    """Return the claims of a project, as known now, whenever they hold."""
    return [p.claim for p in placed_claims(office, project)]


# ---------------------------------------------------------------- what is claimed twice
def twice_claimed(office: Office, rules: Rules, project: str, mine: Sequence[Claim], at: datetime) -> list[Fault]:
    """Return a fault for each piece of ground that new claims of a project and those of others come to more than all of."""
    if not mine:
        return []
    return _twice(office, rules, [Placed(c, at) for c in mine], placed_claims(office), [project])


def twice_issued(office: Office, rules: Rules, project: str, parcels: Sequence[str], period: tuple[date, date]) -> list[Fault]:
    """Return a fault for each piece of a project's ground that others claim as well in a period (half-open)."""
    if not parcels:
        return []
    live = [p for p in placed_claims(office) if p.claim.start < period[1] and (p.claim.end is None or p.claim.end > period[0])]
    mine = [p for p in live if p.claim.project == project and p.claim.parcel in parcels]
    return _twice(office, rules, mine, [p for p in live if p not in mine], [project])


def all_twice(office: Office, rules: Rules) -> list[Fault]:
    """Return a fault for each piece of ground in the office that is claimed for more than all of it."""
    return _twice(office, rules, placed_claims(office), [], None)


def _twice(
    office: Office, rules: Rules, mine: Sequence[Placed], others: Sequence[Placed], only: Sequence[str] | None
) -> list[Fault]:
    faults: dict[tuple[str, str], Fault] = {}
    known, _ = instruments(rules.params(office.today()))
    for piece in _pieces(office, mine, others):
        unknown = _with_rules(rules, known, piece)
        for f in unknown or double_claims(piece, known, only):
            faults.setdefault((f.record, f.clash.en), f)
    return list(faults.values())


def _with_rules(rules: Rules, known: dict[str, Instrument], claims: Iterable[Claim]) -> list[Fault]:
    """Find claims whose instrument has no rules; one that holds no more has those of the day its claim began."""
    faults = []
    for claim in claims:
        if claim.instrument in known:
            continue
        try:
            known[claim.instrument] = rules.instrument(claim.instrument, claim.start)
        except (UsageError, FaultsError):
            clash = Text("项目所用的凭证 {i} 没有规则。", "projects use instrument {i}, which has no rules.")
            remedy = Text("补上规则文件。", "Add its rule file.")
            faults.append(Fault("credits.undeclared", "credit_project", claim.instrument, clash.fill(i=claim.instrument), remedy))
    return faults


# ---------------------------------------------------------------- pieces of ground
def _pieces(office: Office, mine: Sequence[Placed], others: Sequence[Placed]) -> list[list[Claim]]:
    """Return the claims on each piece of ground on which one of `mine` lies, `parcel` naming the codes it bears."""
    survey = _Survey(office)
    places = survey.places([*mine, *others]) if survey.redrawn else {}
    on_code: dict[str, list[Claim]] = defaultdict(list)
    on_place: dict[Place, list[Claim]] = defaultdict(list)
    for p in (*mine, *others):
        place = places.get((p.claim.parcel, p.since))
        if place is None:
            on_code[p.claim.parcel].append(p.claim)
        else:
            on_place[place].append(p.claim)
    codes = {p.claim.parcel for p in mine}
    found = [claims for code, claims in on_code.items() if code in codes]
    wanted = {q for p in mine if (q := places.get((p.claim.parcel, p.since))) is not None}
    for bearing in survey.faces(wanted, set(on_place)):
        name = " ∩ ".join(sorted({code for _, code in bearing}))
        found.append([replace(c, parcel=name) for q in sorted(bearing) for c in on_place[q]])
    return found


class _Survey:
    """The parcel editions of an office, and the shapes of parcels in them, in the coordinate system of the first."""

    def __init__(self, office: Office) -> None:
        found = versions(office, "edition", {"kind": "parcel"}).to_pylist()
        self.versions = sorted(found, key=lambda r: (r["valid_from"], r["edition_id"]))
        self.ids = list(dict.fromkeys(r["edition_id"] for r in self.versions if r["known_to"] is None))
        self.rows = {r["edition_id"]: r for r in self.versions if r["known_to"] is None}
        self.office = office
        self.redrawn = len(self.ids) > 1
        self._editions: dict[int, Edition] = {}
        self._shapes: dict[Place, Any] = {}

    def edition(self, n: int) -> Edition:
        from ecocomp.land.edition import read_edition

        if n not in self._editions:
            self._editions[n] = read_edition(edition_file(self.office, self.rows[self.ids[n]]))
        return self._editions[n]

    # ------------------------------------------------------------ which parcels are meant
    def places(self, claims: Sequence[Placed]) -> dict[tuple[str, datetime], Place]:
        """Return the parcel each code means that was claimed at a moment; codes that stand in no edition are left out."""
        codes = sorted({p.claim.parcel for p in claims})
        standing = [set(self.edition(n).find(codes, ["parcel_id"])["parcel_id"].to_pylist()) for n in range(len(self.ids))]
        out = {}
        for code, since in {(p.claim.parcel, p.since) for p in claims}:
            having = [n for n, there in enumerate(standing) if code in there]
            if having:
                out[code, since] = (self._meant(having, since), code)
        return out

    def _meant(self, having: Sequence[int], since: datetime) -> int:
        """Return which of some editions was in force, as known then, at a moment; else the next after it, else the last before."""
        day = since.astimezone(OFFICE_ZONE).date()
        known = {
            r["edition_id"]
            for r in self.versions
            if r["known_from"] <= since and (r["known_to"] is None or r["known_to"] > since)
            if r["valid_from"] <= day and (r["valid_to"] is None or r["valid_to"] > day)
        }
        in_force = [n for n in having if self.ids[n] in known]
        later = [n for n in having if self.rows[self.ids[n]]["known_from"] > since]
        return (in_force or later[:1] or list(having))[-1]

    # ------------------------------------------------------------ faces
    def faces(self, wanted: set[Place], places: set[Place]) -> list[frozenset[Place]]:
        """Return, for each piece of ground that the parcels of editions cut out of wanted ones, the parcels it lies in."""
        if not wanted:
            return []
        import numpy as np
        import shapely

        self._read(places)
        ordered = sorted(places)
        shapes = np.array([self._shapes[q] for q in ordered], dtype=object)
        areas = self._areas(shapes)
        tree = shapely.STRtree(shapes)
        out: list[frozenset[Place]] = []
        for k, q in enumerate(ordered):
            if q not in wanted:
                continue
            near = [int(j) for j in sorted(tree.query(shapes[k], predicate="intersects")) if ordered[int(j)][0] != q[0]]
            out += self._cut(k, near, ordered, shapes, areas)
        return out

    def _cut(
        self, k: int, near: Sequence[int], ordered: Sequence[Place], shapes: Any, areas: Sequence[float]
    ) -> list[frozenset[Place]]:
        """Cut one parcel by those of other editions that meet it."""
        import shapely

        pieces: list[tuple[Any, frozenset[Place]]] = [(shapes[k], frozenset([ordered[k]]))]
        for j in near:
            least = _least_m2(min(areas[k], areas[j]))
            if shapely.equals_exact(shapes[k], shapes[j]):
                pieces = [(shape, bearing | {ordered[j]}) for shape, bearing in pieces]
                continue
            cut: list[tuple[Any, frozenset[Place]]] = []
            for shape, bearing in pieces:
                parts = [(_polygonal(shape.intersection(shapes[j])), bearing | {ordered[j]})]
                parts.append((_polygonal(shape.difference(shapes[j])), bearing))
                sizes = self._areas([p for p, _ in parts])
                kept = [part for part, size in zip(parts, sizes, strict=True) if size > least]
                cut += kept or [(shape, bearing)]
            pieces = cut
        return [bearing for _, bearing in pieces]

    def _read(self, places: Iterable[Place]) -> None:
        import shapely

        from ecocomp.land.overlay import common_system

        by_edition: dict[int, list[str]] = defaultdict(list)
        for n, code in places:
            by_edition[n].append(code)
        for n, codes in by_edition.items():
            change = common_system(self.edition(self._base(by_edition)), self.edition(n))
            rows = self.edition(n).find(codes, ["parcel_id", "geometry"])
            shapes = shapely.from_wkb(rows["geometry"].to_numpy(zero_copy_only=False))
            if change is not None:
                shapes = shapely.transform(shapes, lambda x, y, c=change: c.transform(x, y), interleaved=False)
            self._shapes |= {(n, code): shape for code, shape in zip(rows["parcel_id"].to_pylist(), shapes, strict=True)}
        self._crs = self.edition(self._base(by_edition)).crs_wkt

    @staticmethod
    def _base(editions: Iterable[int]) -> int:
        return min(editions)

    def _areas(self, shapes: Any) -> list[float]:
        import numpy as np

        from ecocomp.land.area import polygon_areas_m2

        return [float(a) for a in polygon_areas_m2(np.array(list(shapes), dtype=object), self._crs)]


def _least_m2(smaller_m2: float) -> float:
    """Return the area, in m², up to which a piece of two parcels is an error of survey."""
    from ecocomp.land.compare import Tolerances

    limits = Tolerances()
    return max(min(limits.sliver_m2, smaller_m2 / 2), smaller_m2 * limits.sliver_share)


def _polygonal(shape: Any) -> Any:
    """Return the polygons of a shape, as one; lines and points that a cut leaves are no ground."""
    import shapely

    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    return shapely.union_all([g for g in getattr(shape, "geoms", ()) if g.geom_type in ("Polygon", "MultiPolygon")])
