"""Holders, rights and compensation contracts of the invented county.

Names are plainly invented: a household is a word of nature and a number (云一, 石二十三), never a real surname
with a given name. The register has what real ones have: shared rights, transfers, disputes, corrections made
late (so that two dates of knowledge give two answers), a state forest farm, and a company with management rights.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from ecocomp.sample.cover import Cover
from ecocomp.sample.frame import COUNTY, Frame
from ecocomp.sample.places import Places
from ecocomp.sample.survey import Survey

SURNAMES = "云石松溪岚禾荞麦苔泉竹杉梧枫霜雁"
DIGITS = "零一二三四五六七八九"
FOREST_FARM, WATER_OFFICE, COMPANY = "S990121000001", "S990121000002", "E990121000001"
PROGRAMME = "eco-zone"
ENROLLED_SHARE, CONTRACTED = 0.90, {"01": 0.95, "02": 0.95, "03": 0.45, "04": 0.55}
DISPUTED_SHARE, TRANSFERRED_SHARE, CORRECTED_SHARE, MANAGED_SHARE = 0.01, 0.02, 0.012, 0.012
SPLITS = (((1, 1),), ((1, 2), (1, 2)), ((1, 3), (2, 3)), ((1, 3), (1, 3), (1, 3)))
SPLIT_ODDS = (0.87, 0.07, 0.04, 0.02)
DUTIES = {
    "1": "禁伐、巡护、防火 / no felling, patrols, fire watch",
    "2": "封育、不开垦 / closed to grazing, no reclaiming",
    "3": "草畜平衡、不超载 / balanced stocking, no overgrazing",
    "4": "不排水、不围垦 / no drainage, no reclaiming",
    "7": "封禁、固沙 / closed, sand fixed",
}
BOOKED = date(2020, 3, 15)

Row = list[object]


@dataclass
class People:
    """Rows of the registers `holder`, `right` and `contract`, and which parcels are enrolled."""

    holder: list[Row]
    right: list[Row]
    contract: list[Row]
    enrolled: np.ndarray


def chinese_number(n: int) -> str:
    """Return a whole number below 10,000 in Chinese.

    >>> [chinese_number(k) for k in (1, 10, 23, 105, 2300)]
    ['一', '十', '二十三', '一百零五', '二千三百']
    """
    out, gap = "", False
    for unit, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, n = divmod(n, unit)
        if digit:
            out += ("零" if gap and out else "") + ("" if unit == 10 and digit == 1 and not out else DIGITS[digit]) + sign
        gap = not digit
    return out


def household_name(number: int) -> str:
    """Return the invented name of household `number` (from 0).

    >>> household_name(0), household_name(16 * 22 + 1)
    ('云一', '石二十三')
    """
    return SURNAMES[number % len(SURNAMES)] + chinese_number(number // len(SURNAMES) + 1)


def make_people(frame: Frame, survey: Survey, cover: Cover, places: Places) -> People:
    """Return holders, rights with their history, and contracts."""
    holder, homes = _holders(frame, survey, places)
    right = _Rights(frame, survey, places, homes).rows()
    enrolled = _enrolled(frame, cover)
    return People(holder, right, _contracts(frame, survey, cover, right, enrolled), enrolled)


def _holders(frame: Frame, survey: Survey, places: Places) -> tuple[list[Row], list[list[str]]]:
    """Return the rows of `holder` and the household codes of every village."""
    rng = frame.rng("holders")
    small = np.array([c[:2] in CONTRACTED for c in survey.land_class]) & ~survey.state
    per_village = np.maximum(6, np.bincount(survey.village[small], minlength=len(places.code)) // 4)
    first = places.code[0]
    out: list[Row] = [
        [FOREST_FARM, "state_unit", "青溪县国有林场（虚构）", first, 86, None],
        [WATER_OFFICE, "state_unit", "青溪县水务所（虚构）", first, 31, None],
        [COMPANY, "company", "青溪绿源林业有限公司（虚构）", first, 24, None],
    ]
    homes: list[list[str]] = []
    number = 0
    for v, code in enumerate(places.code):
        count = int(per_village[v])
        members = rng.integers(2, 7, count)
        income = np.rint(np.exp(rng.normal(10.75, 0.38, count))).astype(int) * 100
        out.append([f"V{code}", "collective", f"{places.name_zh[v]}股份经济合作社（虚构）", code, int(members.sum()), None])
        homes.append([f"H{COUNTY}{number + k + 1:06d}" for k in range(count)])
        out += [[homes[v][k], "household", household_name(number + k), code, int(members[k]), int(income[k])] for k in range(count)]
        number += count
    return out, homes


class _Rights:
    """Writes the register of rights parcel by parcel; columns as in the table `right`."""

    def __init__(self, frame: Frame, survey: Survey, places: Places, homes: list[list[str]]) -> None:
        self.survey, self.places, self.homes = survey, places, homes
        self.rng = frame.rng("rights")
        self.out: list[Row] = []

    def rows(self) -> list[Row]:
        """Return every row, in the order of parcels."""
        n = len(self.survey)
        u = self.rng.uniform(0, 1, (n, 6))
        split = self.rng.choice(len(SPLITS), n, p=SPLIT_ODDS)
        for i in range(n):
            kind = str(self.survey.land_class[i])
            if self.survey.state[i]:
                unit = WATER_OFFICE if kind[:2] == "11" else FOREST_FARM
                self._add(i, unit, "use", (1, 1), "clear", f"虚构国用〔2018〕{i + 1}号")
                continue
            self._add(i, f"V{self.places.code[self.survey.village[i]]}", "ownership", (1, 1), "clear", f"虚构集有〔2018〕{i + 1}号")
            if kind == "0702":
                self._add(i, self._home(i), "use", (1, 1), "clear", f"虚构宅〔2018〕{i + 1}号")
            elif u[i, 0] < CONTRACTED.get(kind[:2], 0.0):
                self._contracted(i, u[i], SPLITS[split[i]])
        return self.out

    def _home(self, i: int) -> str:
        homes = self.homes[int(self.survey.village[i])]
        return homes[int(self.rng.integers(len(homes)))]

    def _contracted(self, i: int, u: np.ndarray, shares: tuple[tuple[int, int], ...]) -> None:
        """Write the contract right of one parcel: shared, disputed, handed on, corrected or plain."""
        homes = self.homes[int(self.survey.village[i])]
        who = [homes[k] for k in self.rng.permutation(len(homes))[: len(shares) + 1]]
        state = "disputed" if u[1] < DISPUTED_SHARE else "clear"
        paper = f"虚构承包〔2018〕{i + 1}号"
        if len(shares) == 1 and u[2] < TRANSFERRED_SHARE:
            self._handed_on(i, who[0], who[1], state, paper, u[3])
        elif u[2] > 1 - CORRECTED_SHARE:
            wrong = ((1, 2), (1, 2)) if len(shares) == 2 else shares
            right = ((1, 3), (2, 3)) if len(shares) == 2 else shares
            self._corrected(i, who, wrong, right, state, paper, u[3])
        else:
            for holder, share in zip(who, shares, strict=False):
                self._add(i, holder, "contract", share, state, paper)
        if u[4] < MANAGED_SHARE and str(self.survey.land_class[i])[:2] in ("02", "03"):
            self._add(
                i,
                COMPANY,
                "management",
                (1, 1),
                "clear",
                f"虚构流转〔2021〕{i + 1}号",
                since=date(2021, 9, 1),
                booked=date(2021, 9, 20),
            )

    def _handed_on(self, i: int, old: str, new: str, state: str, paper: str, u: float) -> None:
        """The old holder's right ends and the new one's begins; the office books it some weeks later."""
        day = date(2023, 9, 1) + timedelta(int(u * 600))
        booked = day + timedelta(20 + int(u * 40))
        name = self._add(i, old, "contract", (1, 1), state, paper, corrected=booked)
        self._add(i, old, "contract", (1, 1), state, paper, until=day, booked=booked, name=name)
        self._add(i, new, "contract", (1, 1), state, f"虚构转让〔{day.year}〕{i + 1}号", since=day, booked=booked)

    def _corrected(
        self,
        i: int,
        who: list[str],
        wrong: tuple[tuple[int, int], ...],
        right: tuple[tuple[int, int], ...],
        state: str,
        paper: str,
        u: float,
    ) -> None:
        """An error of the register (a share, or the holder) is found late: the old row is closed, never overwritten."""
        found = date(2024, 3, 1) + timedelta(int(u * 560))
        for k, (before, after) in enumerate(zip(wrong, right, strict=True)):
            name = self._add(i, who[k], "contract", before, state, paper, corrected=found)
            better = who[-1] if len(wrong) != 2 and k == 0 else who[k]
            self._add(i, better, "contract", after, state, paper + "（更正）", booked=found, name=name)

    def _add(
        self,
        i: int,
        holder: str,
        kind: str,
        share: tuple[int, int],
        state: str,
        paper: str,
        *,
        since: date = date(2018, 7, 1),
        until: date | None = None,
        booked: date = BOOKED,
        corrected: date | None = None,
        name: str = "",
    ) -> str:
        name = name or f"R{COUNTY}{len(self.out) + 1:07d}"
        self.out.append([name, str(self.survey.parcel_id[i]), holder, kind, *share, state, paper, since, until, booked, corrected])
        return name


def _enrolled(frame: Frame, cover: Cover) -> np.ndarray:
    """Return which parcels take part: most natural land, all disturbed parcels, and what was planted."""
    group = cover.main[0] // 10
    natural = np.isin(group, (1, 2, 3)) | np.isin(cover.main[0], (41, 72))
    chosen = frame.rng("enrol").uniform(0, 1, len(group)) < ENROLLED_SHARE
    return (natural & (chosen | (cover.kind > 0))) | (cover.planted > 0)


def _contracts(frame: Frame, survey: Survey, cover: Cover, right: list[Row], enrolled: np.ndarray) -> list[Row]:
    """Return one contract per right that is paid on an enrolled parcel, on the same clocks as the right."""
    number = {str(p): i for i, p in enumerate(survey.parcel_id)}
    contracted = {r[1] for r in right if r[3] == "contract"}
    named = frame.rng("named").uniform(0, 1, len(survey)) < 0.4
    managed = {r[1] for r in right if r[3] == "management" and named[number[str(r[1])]]}
    out: list[Row] = []
    for row in right:
        parcel, holder, kind = str(row[1]), str(row[2]), str(row[3])
        since, until, booked, corrected = _clocks(row)
        i = number[parcel]
        paid = "management" if parcel in managed else "contract" if parcel in contracted else kind
        if not enrolled[i] or kind != paid:
            continue
        start = max(date(max(2023, int(cover.planted[i])), 1, 1), since)
        if until is not None and until <= start:
            continue
        signed = max(date(start.year - 1, 12, 1) + timedelta(i % 25), date(2022, 12, 1)) if since < start else start
        known = max(signed + timedelta(5), booked)
        if corrected is not None and corrected <= known:
            continue
        group = str(1 if cover.planted[i] else cover.main[0, i] // 10)
        ends = until or date(2028, 1, 1)
        out.append([f"C{str(row[0])[1:]}", holder, parcel, PROGRAMME, DUTIES[group], signed, start, ends, known, corrected])
    return out


def _clocks(row: Row) -> tuple[date, date | None, date, date | None]:
    """Return the four dates of a row of `right`."""
    since, until, booked, corrected = row[8:12]
    assert isinstance(since, date) and isinstance(booked, date)
    return since, until if isinstance(until, date) else None, booked, corrected if isinstance(corrected, date) else None
