"""A small invented county as a bundle, for the tests of the report: seeded, plausible, no science in it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from ecocomp.report.maps import MapBase
from ecocomp.terms import tables as t

YEAR = 2025
ZONES = ("water", "soil", "sand", "biodiversity", "none")
LAND = (
    ("0301", "13"),
    ("0302", "11"),
    ("0305", "21"),
    ("0404", "33"),
    ("0103", "51"),
    ("0101", "51"),
    ("1103", "42"),
    ("0702", "61"),
)
SERVICES = (
    ("water_conservation", "m3/a", 4200.0),
    ("soil_retention", "t/a", 55.0),
    ("carbon_sequestration", "t CO2/a", 2.4),
    ("air_purification.so2", "t/a", 0.09),
    ("air_purification.dust", "t/a", 12.0),
    ("carbon_storage.above", "t C", 30.0),
    ("carbon_storage.soil", "t C", 90.0),
)
COUNTED = ("water_conservation", "soil_retention", "carbon_sequestration")
METHODS = {
    "water_conservation": "reservoir_cost",
    "soil_retention": "dredging",
    "carbon_sequestration": "carbon_price",
    "air_purification": "air_treatment",
}
ENVELOPES = (
    ("E1", "central_transfer", "中央重点生态功能区转移支付", "central transfer", 0.46),
    ("E2", "local_budget", "县级财政配套", "county budget match", 0.22),
    ("E3", "horizontal_agreement", "下游横向补偿", "downstream agreement", 0.17),
    ("E4", "land_revenue", "土地出让收入计提", "land-transfer revenue share", 0.09),
    ("E5", "carbon_credit", "林业碳汇收入", "forest carbon sale", 0.06),
)
NASTY = "<svg onload=alert(1)>"
EVAL = '#eval("1+1") $x$ *b* \\'


def make(folder: Path, parcels: int = 400, seed: int = 7, *, previous: bool = True) -> MapBase:
    """Write `tables/` and `bundle.json` of one year (and of the year before) and return the map base."""
    rng = np.random.default_rng(seed)
    base, xy, height = _ground(parcels, rng)
    _year(folder, parcels, YEAR, xy, height, base, np.random.default_rng(seed + 1))
    if previous:
        _year(folder / "previous", parcels, YEAR - 1, xy, height, base, np.random.default_rng(seed + 2))
    _meta(folder, parcels, previous)
    return base


def _meta(folder: Path, parcels: int, previous: bool) -> None:
    meta = {
        "case": {
            "name_zh": "青溪县（虚构）",
            "name_en": "Qingxi County (invented)",
            "place": "990121",
            "invented": True,
            "purpose": "payment",
        },
        "year": YEAR,
        "known_on": "2026-06-30",
        "base_year": 2020,
        "parcels_total": parcels,
        "not_assessed": [
            {
                "service": "sand_fixation",
                "reason_zh": "没有站点日风速，无法计算风蚀。",
                "reason_en": "There is no daily wind at stations, so wind erosion cannot be computed.",
            }
        ],
        "unverified": ["services.water.runoff", "services.air.capacity"],
        "unverified_shown": ["services.air.capacity"],
        "accepted_unverified": ["services.water.runoff"],
        "warnings": [
            {"code": "services.class_not_assessed", "where": "carbon_sequestration", "record": "51 52 61"},
            {"code": "services.class_not_assessed", "where": "carbon_sequestration", "record": "51 81"},
        ],
        "previous": {"year": YEAR - 1} if previous else None,
        "sources": [
            {"zh": "虚构的确权登记库，2025 年版", "en": "Invented cadastre, edition 2025"},
            {"zh": "虚构的卫星影像合成，2024–2025 年", "en": "Invented satellite composites, 2024–2025"},
        ],
        "notice": {"opens_on": "2026-07-01", "closes_on": "2026-07-08", "answer_days": 21, "pay_by": "2026-08-15"},
    }
    (folder / "bundle.json").write_text(json.dumps(meta, ensure_ascii=False), encoding="utf-8")


def _ground(parcels: int, rng: np.random.Generator) -> tuple[MapBase, Any, Any]:
    rows, columns = (520, 440) if parcels <= 5000 else (1500, 1300)
    y, x = np.indices((rows, columns))
    noise = gaussian_filter(rng.normal(size=(rows, columns)), rows / 12)
    noise /= np.abs(noise).max()
    fine = gaussian_filter(rng.normal(size=(rows, columns)), rows / 60)
    fine /= np.abs(fine).max()
    u, v = (x / columns - 0.5) * 2, (y / rows - 0.5) * 2
    inside = u**2 + v**2 + 0.5 * noise < 0.86
    relief = (620 + 700 * noise + 230 * fine - 300 * v).astype(np.float32)
    cells = np.argwhere(inside)
    at = cells[rng.choice(len(cells), parcels, replace=False)].astype(float) + rng.uniform(-0.4, 0.4, (parcels, 2))
    order = np.lexsort((at[:, 1], at[:, 0] // 40))
    at = at[order]
    index = np.full((rows, columns), -1, np.int32)
    index[inside] = cKDTree(at).query(cells)[1]
    height = np.where(np.isfinite(relief), relief, 0)[at[:, 0].astype(int), at[:, 1].astype(int)]
    ids = pa.array([f"36-{i:06d}" for i in range(parcels)])
    red = inside & (gaussian_filter(relief, 6) > np.percentile(relief[inside], 72))
    reserve = inside & (np.hypot(u - 0.25, v + 0.2) < 0.16)
    river = inside & (np.abs(u - 0.25 * np.sin(4 * v) + 0.1) < 2.4 / columns)
    relief[~inside] = np.nan
    return MapBase(index, relief, 30.0, ids, {"red_line": red, "reserve": reserve, "river": river}), at, height


def _write(folder: Path, spec: t.TableSpec, columns: dict[str, Any]) -> None:
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    made = spec.table({k: (v if isinstance(v, list | pa.Array) else pa.array(v)) for k, v in columns.items()})
    pq.write_table(made, folder / "tables" / f"{spec.name}.parquet")


def _year(folder: Path, n: int, year: int, xy: Any, height: Any, base: MapBase, rng: np.random.Generator) -> None:
    ids = base.parcel_ids
    rank = height.argsort().argsort() / n
    pick = np.clip((1 - rank) * 8 + rng.normal(0, 1.0, n), 0, 7.99).astype(int)
    cells = np.bincount(base.index[base.index >= 0], minlength=n)
    area = np.maximum(cells, 0.3) * base.cell_m**2 * 100
    area = (area * rng.uniform(0.97, 1.0, n)).astype(np.int64)
    zone = np.where(
        rank > 0.7,
        0,
        np.where(
            xy[:, 1] / base.index.shape[1] > 0.62, 1, np.where(rank < 0.1, 4, np.where(xy[:, 0] / base.index.shape[0] > 0.75, 2, 3))
        ),
    )
    villages = max(3, n // 120)
    village = np.minimum((np.arange(n) * villages) // n, villages - 1)
    vcode = [f"99012110{v // 12 + 1:01d}{v:03d}" for v in range(villages)]
    _write(
        folder,
        t.VILLAGE,
        {
            "village_code": vcode,
            "region_code": [v[:9] for v in vcode],
            "name_zh": [f"石桥{i}村" for i in range(villages)],
            "name_en": [f"Shiqiao {i}" for i in range(villages)],
        },
    )
    _write(
        folder,
        t.PARCEL,
        {
            "parcel_id": ids,
            "village_code": [vcode[v] for v in village],
            "land_class": [LAND[p][0] for p in pick],
            "ecosystem": [LAND[p][1] for p in pick],
            "area_dm2": area,
            "declared_area_dm2": area,
            "x": xy[:, 1],
            "y": xy[:, 0],
        },
    )
    red = base.overlays["red_line"][xy[:, 0].astype(int).clip(0), xy[:, 1].astype(int).clip(0)]
    _write(
        folder,
        t.PARCEL_ZONE,
        {
            "parcel_id": ids,
            "function_zone": [ZONES[z] for z in zone],
            "zone_share_ppm": np.full(n, 990_000),
            "red_line_ppm": red * 1_000_000,
            "reserve_ppm": (rng.random(n) < 0.02) * 1_000_000,
            "importance": ["important"] * n,
            "grade": np.where(rank > 0.7, 1, 2),
        },
    )
    holders = max(2, int(n * 0.55))
    of = np.where(
        np.arange(n) < holders, (np.arange(n) * 7) % holders if holders % 7 else np.arange(n) % holders, rng.integers(1, holders, n)
    )
    names = ["王家村农村集体经济组织", *[["陈䶮", "李㙦", "赵𬒈", NASTY, EVAL, "周文"][i % 6] for i in range(holders - 1)]]
    hid = [f"H{i:06d}" for i in range(holders)]
    _write(
        folder,
        t.HOLDER,
        {
            "holder_id": hid,
            "kind": ["collective", *["household"] * (holders - 1)],
            "name": names,
            "village_code": [vcode[0]] * holders,
            "members": np.full(holders, 4),
            "income_fen": np.full(holders, 6_000_000),
        },
    )
    rid = [f"R{i:06d}" for i in range(n)]
    disputed = rng.random(n) < 0.01
    _write(
        folder,
        t.RIGHT,
        {
            "right_id": rid,
            "parcel_id": ids,
            "holder_id": [hid[i] for i in of],
            "kind": ["contract" if i else "ownership" for i in of],
            "share_num": np.ones(n, int),
            "share_den": np.ones(n, int),
            "state": ["disputed" if d else "clear" for d in disputed],
            "document": ["证"] * n,
            "valid_from": [date(2018, 1, 1)] * n,
            "valid_to": [None] * n,
            "known_from": [date(2018, 1, 1)] * n,
            "known_to": [None] * n,
        },
    )
    _services(folder, ids, year, n, area, rank, pick, rng)
    _rates_and_money(folder, ids, year, n, area, zone, rank, of, hid, rid, disputed, vcode, village, rng)
    _results(folder, year, zone, area, pick, rng)


def _services(folder: Path, ids: pa.Array, year: int, n: int, area: Any, rank: Any, pick: Any, rng: np.random.Generator) -> None:
    ha = area / 1e6
    drift = 1 + 0.02 * (year - 2024)
    rows: dict[str, list[Any]] = {
        k: [] for k in ("parcel_id", "year", "service", "quantity", "low", "high", "unit", "method", "coverage", "applicable")
    }
    worth: dict[str, list[Any]] = {
        k: [] for k in ("parcel_id", "year", "service", "value_fen", "low_fen", "high_fen", "price_year", "method")
    }
    for name, unit, per_ha in SERVICES:
        q = per_ha * ha * (0.35 + 1.3 * rank**1.4) * np.exp(rng.normal(0, 0.18, n)) * drift * np.where(pick > 4, 0.4, 1)
        gone = rng.random(n) < 0.04
        method = METHODS.get(name.partition(".")[0])
        for i in range(n):
            v = None if gone[i] else float(q[i])
            values = (
                ids[i].as_py(),
                year,
                name,
                v,
                None if v is None else v * 0.8,
                None if v is None else v * 1.25,
                unit,
                f"{name.partition('.')[0]} v1",
                0.0 if v is None else 0.93,
                1.0,
            )
            for k, x in zip(rows, values, strict=True):
                rows[k].append(x)
            if method is None:
                continue
            fen = int((v or 0) * (600 if name == "water_conservation" else 5200))
            for k, x in zip(
                worth, (ids[i].as_py(), year, name, fen, int(fen * 0.7), int(fen * 1.4), 2024, f"{method}@1"), strict=True
            ):
                worth[k].append(x)
    _write(folder, t.SERVICE, rows)
    _write(folder, t.SERVICE_VALUE, worth)
    _gep(folder, year, rows, worth)
    ndvi = np.clip(0.35 + 0.45 * rank + 0.01 * (year - 2024) + rng.normal(0, 0.05, n), 0, 1)
    _write(
        folder,
        t.OBSERVATION,
        {
            "parcel_id": pa.concat_arrays([ids, ids]),
            "year": np.full(2 * n, year),
            "signal": ["fvc"] * n + ["ndvi_trend"] * n,
            "value": np.concatenate([ndvi, rng.normal(0.002, 0.004, n)]),
            "unit": ["1"] * n + ["1/a"] * n,
            "coverage": np.full(2 * n, 0.91),
        },
    )


def _gep(folder: Path, year: int, rows: dict[str, list[Any]], worth: dict[str, list[Any]]) -> None:
    lines = []
    for name, unit, _ in SERVICES:
        quantity = sum(q for s, q in zip(rows["service"], rows["quantity"], strict=True) if s == name and q is not None)
        line: dict[str, Any] = {
            "year": year,
            "part": "",
            "group": "regulating",
            "service": name,
            "quantity": quantity,
            "unit": unit,
        }
        method = METHODS.get(name.partition(".")[0])
        if method is not None:
            sums = {c: sum(v for s, v in zip(worth["service"], worth[c], strict=True) if s == name) for c in worth if "fen" in c}
            line |= sums | {"unit_price": "1500", "price_year": 2024, "method": method, "method_version": "1"}
        lines.append(line)
    whole = sum(x.get("value_fen", 0) for x in lines)
    for line in lines:
        line["share_ppm"] = line["value_fen"] * 1_000_000 // whole if "value_fen" in line else None
    pq.write_table(t.GEP.table(lines), folder / "tables" / "gep.parquet")


def _rates_and_money(
    folder: Path,
    ids: pa.Array,
    year: int,
    n: int,
    area: Any,
    zone: Any,
    rank: Any,
    of: Any,
    hid: list[str],
    rid: list[str],
    disputed: Any,
    vcode: list[str],
    village: Any,
    rng: np.random.Generator,
) -> None:
    light = np.where(rng.random(n) < 0.06, 3, np.where(rng.random(n) < 0.03, 2, np.where(rng.random(n) < 0.05, 1, 0)))
    lights = ("green", "yellow", "red", "grey")
    _write(
        folder,
        t.COMPLIANCE,
        {
            "parcel_id": ids,
            "year": np.full(n, year),
            "light": [lights[x] for x in light],
            "evidence": ["reason=drop;drop=-0.210;z=-3.4;ref=-0.020;months=5;past=4;refs=210" if x == 2 else "" for x in light],
            "confidence": np.full(n, 0.83),
            "verdict": ["confirmed" if x == 2 else "none" for x in light],
        },
    )
    value = (60000 * rank * (zone != 4) * (1 + 0.05 * (year - 2024))).astype(np.int64)
    chance = np.where(zone == 4, 0, 52000 + (zone * 9000)).astype(np.int64)
    keep = np.where(zone == 4, 0, 23000).astype(np.int64)
    region = np.where(zone == 4, 0, 14000).astype(np.int64)
    adjust = np.where(zone == 4, 0, np.array([2600, -4100, 900, 1500, 0])[zone]).astype(np.int64)
    rate = value + chance + keep + region + adjust
    _write(
        folder,
        t.STANDARD,
        {
            "parcel_id": ids,
            "year": np.full(n, year),
            "rule": ["four_parts"] * n,
            "rate_fen_per_ha": rate,
            "value_fen_per_ha": value,
            "opportunity_fen_per_ha": chance,
            "protection_fen_per_ha": keep,
            "regional_fen_per_ha": region,
            "adjust_fen_per_ha": adjust,
            "low_fen_per_ha": rate * 85 // 100,
            "high_fen_per_ha": rate * 12 // 10,
        },
    )
    gross = np.array([(int(r) * int(a) + 500_000) // 1_000_000 for r, a in zip(rate, area, strict=True)], dtype=np.int64)
    state = np.where(zone == 4, "excluded", np.where(disputed, "escrow", np.where(rng.random(n) < 0.004, "held", "payable")))
    reason = np.where(zone == 4, "no_standard", np.where(disputed, "disputed", np.where(state == "held", "to_be_checked", "")))
    paidable = state != "excluded"
    deduction = np.where((light == 2) & paidable, gross * 3 // 10, 0)
    entitled = np.where(paidable, gross - deduction, 0)
    short = np.where(zone == 2, entitled // 50, 0)
    funded = entitled - short
    eid = [f"EN{i:07d}" for i in range(n)]
    _write(
        folder,
        t.ENTITLEMENT,
        {
            "entitlement_id": eid,
            "year": np.full(n, year),
            "programme": ["P1"] * n,
            "parcel_id": ids,
            "holder_id": [hid[i] for i in of],
            "right_id": rid,
            "contract_id": ["C"] * n,
            "area_dm2": area,
            "share_num": np.ones(n, int),
            "share_den": np.ones(n, int),
            "rate_fen_per_ha": rate,
            "compliance_ppm": np.where(light == 2, 700_000, 1_000_000),
            "gross_fen": gross,
            "deduction_fen": deduction,
            "entitled_fen": entitled,
            "funded_fen": funded,
            "shortfall_fen": short,
            "state": state.tolist(),
            "reason": reason.tolist(),
        },
    )
    total = int(funded.sum())
    share = np.cumsum([e[4] for e in ENVELOPES])
    slot = np.minimum(np.searchsorted(share, (np.cumsum(funded) - funded / 2) / max(1, total) * 0.999), 4)
    slot = np.where(zone == 1, 2, slot)
    live = funded > 0
    _write(
        folder,
        t.ALLOCATION,
        {
            "entitlement_id": [e for e, k in zip(eid, live, strict=True) if k],
            "envelope_id": [ENVELOPES[s][0] for s in slot[live]],
            "amount_fen": funded[live],
        },
    )
    used = np.bincount(slot[live], funded[live].astype(float), 5).astype(np.int64)
    rows: list[dict[str, Any]] = []
    funds: list[dict[str, Any]] = []
    for (code, source, zh, en, _), u in zip(ENVELOPES, used.tolist(), strict=True):
        grant = u * 104 // 100 // 1_000_000 * 1_000_000 + 1_000_000
        rows.append(
            {
                "envelope_id": code,
                "year": year,
                "source": source,
                "opening_fen": 250_000,
                "granted_fen": grant,
                "allocated_fen": u,
                "paid_fen": u,
                "escrow_fen": 0,
                "closing_fen": grant + 250_000 - u,
                "lapsed_fen": 0,
            }
        )
        funds.append(
            {
                "envelope_id": code,
                "year": year,
                "source": source,
                "name_zh": zh,
                "name_en": en,
                "granted_fen": grant,
                "floor_fen": 0,
                "priority": 1,
                "earmark_zones": "",
                "earmark_ecosystems": "",
                "earmark_red_line": False,
                "carry_over": True,
                "valid_from": date(year, 1, 1),
                "valid_to": date(year, 12, 31),
                "document": "虚构财〔2025〕1号",
            }
        )
    funds[1]["name_zh"], funds[1]["name_en"] = f"县级财政配套{NASTY}", f"county match {EVAL}"
    for spec, found in ((t.ENVELOPE_BALANCE, rows), (t.ENVELOPE, funds)):
        pq.write_table(spec.table(found), folder / "tables" / f"{spec.name}.parquet")
    orders = []
    for s in ("payable", "escrow", "held"):
        by = np.bincount(of, np.where(state == s, funded, 0).astype(float), len(hid)).astype(np.int64)
        number = np.bincount(of, (state == s).astype(float), len(hid)).astype(np.int64)
        orders += [
            {
                "order_id": f"O{s[0]}{i:06d}",
                "year": year,
                "holder_id": hid[i],
                "state": "ready" if s == "payable" else s,
                "amount_fen": int(by[i]),
                "entitlements": int(number[i]),
            }
            for i in np.flatnonzero(by)
        ]
    pq.write_table(t.ORDER.table(orders), folder / "tables" / "order.parquet")
    notice = [
        {
            "village_code": vcode[v],
            "recipient_code": f"K{i:06d}",
            "masked_name": "张*",
            "parcels": 1,
            "area_dm2": int(area[i]),
            "gross_fen": int(gross[i]),
            "deduction_fen": int(deduction[i]),
            "entitled_fen": int(entitled[i]),
            "funded_fen": int(funded[i]),
        }
        for i, v in enumerate(village.tolist())
    ]
    pq.write_table(t.DISCLOSURE.table(notice), folder / "tables" / "disclosure.parquet")
    said = [
        {
            "objection_id": f"YY-{i:04d}",
            "year": year,
            "holder_id": hid[1],
            "parcel_id": "",
            "kind": ("area", "amount", "missing")[i % 3],
            "received_on": date(2026, 6, 3),
            "outcome": ("upheld", "rejected", "rejected", "open")[i % 4],
            "answered_on": None,
        }
        for i in range(11)
    ]
    pq.write_table(t.OBJECTION.table(said), folder / "tables" / "objection.parquet")


def _results(folder: Path, year: int, zone: Any, area: Any, pick: Any, rng: np.random.Generator) -> None:
    cards, marks = [], []
    for i, z in enumerate(ZONES[:4]):
        score = None if z == "sand" else 71.0 + 5 * i + (year - 2024)
        cards.append(
            {
                "area_code": f"990121-{z}",
                "function_zone": z,
                "year": year,
                "score": score,
                "score_low": None if score is None else score - 4.2,
                "score_high": None if score is None else score + 3.1,
                "weight_assessed_ppm": 0 if score is None else 850_000,
                "grade": "not_assessed" if score is None else "B",
                "reward_ppm": 0 if score is None else (score > 75) * 15_000 - 5_000,
                "parameters": "",
            }
        )
        for j, name in enumerate(("water_quality_compliance", "vegetation_change", "forest_share")):
            none = z == "sand" or (j == 0 and z == "soil")
            marks.append(
                {
                    "area_code": f"990121-{z}",
                    "function_zone": z,
                    "year": year,
                    "indicator": name,
                    "value": None if none else 0.967 - j * 0.2,
                    "base": 0.95 - j * 0.2,
                    "score": None if none else 88.0 - 9 * j,
                    "score_low": None if none else 80.0 - 9 * j,
                    "score_high": None if none else 93.0 - 9 * j,
                    "weight_ppm": 250_000,
                    "coverage": 0.0 if none else 0.92,
                    "reason": "no readings" if none else "",
                }
            )
    pq.write_table(t.SCORECARD.table(cards), folder / "tables" / "scorecard.parquet")
    pq.write_table(t.INDICATOR.table(marks), folder / "tables" / "indicator.parquet")
    accounts = []
    for code in sorted({e for _, e in LAND}):
        own = int(area[[LAND[p][1] == code for p in pick]].sum())
        plus, minus = int(own * rng.uniform(0, 0.02)), int(own * rng.uniform(0, 0.015))
        accounts.append(
            {
                "year": year,
                "ecosystem": code,
                "opening_dm2": own - plus + minus,
                "additions_dm2": plus,
                "reductions_dm2": minus,
                "closing_dm2": own,
            }
        )
    pq.write_table(t.LAND_ACCOUNT.table(accounts), folder / "tables" / "land_account.parquet")
    checks = [
        ("ledger_balances", "pass", "借贷合计 0.00 元", "debits and credits add up to 0.00"),
        ("land_closes", "pass", "期初＋增加－减少＝期末，差 0.00 公顷", "opening + additions - reductions = closing, gap 0.00 ha"),
        ("supply_equals_use", "not_run", "缺少使用表", "the use table is missing"),
    ]
    pq.write_table(
        t.CHECK.table([{"check": c, "result": r, "detail_zh": z, "detail_en": e} for c, r, z, e in checks]),
        folder / "tables" / "check.parquet",
    )
    keys = (
        ("services.water.runoff", "地表径流系数", "runoff coefficient", "M", "生态保护红线划定指南(2017)"),
        ("services.air.capacity", "净化能力", "capacity to clean air", "R", "虚构的国情报告"),
        ("payments.factor", "合规系数", "compliance factor", "S", "虚构县办法"),
        ("valuation.water.price", "水价", "price of water", "R", "GB/T 38582"),
        ("standard.floor", "下限", "floor", "S", "虚构县办法"),
    )
    lists = {
        "standard.value_services": list(COUNTED),
        "valuation.gep.groups": [{"group": "regulating", "zh": "调节服务", "en": "regulating services", "services": []}],
        "valuation.gep.left_out": [{"zh": "文化服务不在其中", "en": "cultural services are left out"}],
        "valuation.gep.debated": [
            {"services": ["water_conservation", "soil_retention"], "zh": "虚构的争议", "en": "an invented debate"},
            {"services": ["oxygen_release", "soil_retention"], "zh": "只有一项在表中", "en": "only one of them is priced"},
        ],
    }
    keys += tuple((k, "规则", "rule", "D", "本项目的设计选择") for k in lists)
    rows = [
        {
            "key": k,
            "name_zh": z,
            "name_en": e,
            "value": json.dumps(lists.get(k, 1), ensure_ascii=False),
            "unit": "1",
            "place": "990121",
            "valid_from": date(2017, 1, 1),
            "valid_to": None,
            "document": d,
            "confidence": c,
            "last_checked": None,
            "file": "f.yaml",
            "line": 3,
            "sha256": "0" * 64,
        }
        for k, z, e, c, d in keys
    ]
    pq.write_table(t.PARAMETER.table(rows), folder / "tables" / "parameter.parquet")
