"""Money of rule-file programmes: claim by claim in the letter, programme by programme in the year's report."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pypdfium2
import pytest

from ecocomp.report import words as w
from ecocomp.report.blocks import Chart, Grid, Para
from ecocomp.report.build import letter_text, write_letter
from ecocomp.report.bundle import Bundle
from ecocomp.report.frame import Story
from ecocomp.report.letter import compose
from ecocomp.report.maps import MapBase
from ecocomp.report.money import money
from ecocomp.report.programmes import by_programme
from ecocomp.rules import policy_folder
from ecocomp.terms.money import say_yuan
from ecocomp.terms.tables import TABLES

Built = tuple[Path, MapBase]
Row = dict[str, Any]
RULES = Path(__file__).parents[2] / "examples" / "office_year" / "rules" / "990121" / "programmes"
HOLDER = "H000001"


def rows(folder: Path, name: str) -> list[Row]:
    """The rows of a table."""
    found: list[Row] = pq.read_table(folder / "tables" / f"{name}.parquet").to_pylist()
    return found


def write(folder: Path, name: str, made: list[Row]) -> None:
    """Write a table; columns that a row leaves out are empty."""
    spec = TABLES[name]
    blank = {c.name: None if c.nullable else "" for c in spec.columns}
    pq.write_table(spec.table([{**blank, **r} for r in made]), folder / "tables" / f"{name}.parquet")


def due(n: int, parcel: str, **more: Any) -> Row:
    """A row of bird damage: 15 ares agreed, 10 accepted, 84 yuan per mu."""
    base = {
        "due_id": f"bird_damage.damage-2025-t1-K{n}/1-01", "year": 2025, "programme": "bird_damage", "payment": "damage",
        "for_year": 2025, "tranche": 1, "contract_id": f"K{n}/1", "parcel_id": parcel, "holder_id": HOLDER, "right_id": "R1",
        "payee": "holder", "variant": "crop", "share_num": 1, "share_den": 1, "contracted_dm2": 150_000, "accepted_dm2": 100_000,
        "before_dm2": 0, "cut_dm2": 0, "stacked_dm2": 0, "paid_dm2": 100_000, "rate": "84", "unit": "CNY/mu", "months": 12,
        "gross_fen": 12_600, "deduction_fen": 0, "net_fen": 12_600, "state": "payable", "reason": "partly_accepted",
        "rule": "programmes.bird_damage.rate", "document": "县府发〔2025〕7号", "inspection_id": f"I{n}", "against": "",
    }  # fmt: skip
    return base | more


def entitlement(d: Row, short: int = 0, state: str = "") -> Row:
    """The entitlement of a due row, as a year's run makes it."""
    owed = d["net_fen"] if d["state"] in ("payable", "escrow") else 0
    return {
        "entitlement_id": d["due_id"], "year": d["year"], "programme": d["programme"], "parcel_id": d["parcel_id"],
        "holder_id": d["holder_id"], "right_id": d["right_id"], "contract_id": d["contract_id"], "area_dm2": d["paid_dm2"],
        "share_num": 1, "share_den": 1, "rate_fen_per_ha": 126_000, "compliance_ppm": 1_000_000, "gross_fen": d["gross_fen"],
        "deduction_fen": d["gross_fen"] - owed, "entitled_fen": owed, "funded_fen": owed - short, "shortfall_fen": short,
        "state": state or {"waiting": "excluded"}.get(d["state"], d["state"]), "reason": d["reason"], "tranche": d["tranche"],
    }  # fmt: skip


@pytest.fixture(scope="module")
def county(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Put programme claims of one holder into a copy of the synthetic bundle, with orders and allocations to match."""

    def make(claims: list[tuple[Row, Row | None]], *, alone: bool = False) -> Path:
        folder = tmp_path_factory.mktemp("programmes") / "2025"
        shutil.copytree(built[0], folder, ignore=shutil.ignore_patterns("report"))
        shutil.copytree(policy_folder(), folder / "rules", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(RULES, folder / "rules-case-1" / "990121" / "programmes")
        meta = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
        year = meta["year"]
        meta["case"] |= {"programme": "P1", "programmes": ["bird_damage"], "stacks_as": "eco_zone"}
        (folder / "bundle.json").write_text(json.dumps(meta), encoding="utf-8")
        dues = [d | {"year": year, "for_year": year} for d, _ in claims]
        mine = [e | {"year": year} for _, e in claims if e is not None]
        old = [r for r in rows(folder, "entitlement") if not (alone and r["holder_id"] == HOLDER)]
        write(folder, "entitlement", [*old, *mine])
        write(folder, "programme_due", dues)
        live = [d for d in dues if d["state"] in ("payable", "escrow")]
        levels = (("province", 3), ("county", 2))
        write(
            folder,
            "programme_source",
            [{"due_id": d["due_id"], "level": a, "amount_fen": d["net_fen"] * k // 5} for d in live for a, k in levels],
        )
        envelope = rows(folder, "envelope")[0]
        given = [
            {"entitlement_id": e["entitlement_id"], "envelope_id": envelope["envelope_id"], "amount_fen": e["funded_fen"]}
            for e in mine
        ]
        write(folder, "allocation", [*rows(folder, "allocation"), *(g for g in given if g["amount_fen"])])
        orders = [o for o in rows(folder, "order") if not (alone and o["holder_id"] == HOLDER)]
        for state, word in (("ready", "payable"), ("escrow", "escrow"), ("held", "held")):
            fen = sum(e["funded_fen"] for e in mine if e["state"] == word)
            if fen:
                orders.append(
                    {
                        "order_id": f"o-{state}",
                        "year": year,
                        "holder_id": HOLDER,
                        "state": state,
                        "amount_fen": fen,
                        "entitlements": 1,
                    }
                )
        write(folder, "order", orders)
        checks = [
            {
                "inspection_id": d["inspection_id"], "contract_id": d["contract_id"], "year": year, "level": "county",
                "inspected_on": date(2025, 10, 10), "result": "partial", "accepted_dm2": d["accepted_dm2"], "survival_ppm": None,
                "certificate": "Z7", "events": None, "inspector": "N1",
            }
            for d in dues
            if d["inspection_id"]
        ]  # fmt: skip
        write(folder, "inspection", checks)
        return folder

    return make


def fen(said: str) -> int:
    return int(said.replace(",", "").replace(".", "").replace("−", "-").replace("+", "")) if said else 0


def plots_of(built: Built) -> list[str]:
    return [r["parcel_id"] for r in rows(built[0], "entitlement") if r["holder_id"] == HOLDER]


def test_a_claim_is_told_with_areas_rate_sum_money_papers_and_what_is_missing(county: Any, built: Built, tmp_path: Path) -> None:
    d = due(1, plots_of(built)[0])
    folder = county([(d, entitlement(d, short=646))])
    envelope = rows(folder, "envelope")[0]
    wanted = {
        "zh": ("湿地鸟类损害补偿，损害补偿，2025年（第1次付），农作物受损", "约定面积2.25亩（0.150公顷），验收合格1.50亩（0.100公顷）",
               "标准84.00元/亩", "共126.00元", "本次付119.54元，今年资金不足，还有6.46元没有付", "县府发〔2025〕7号 第三条", "合同K1/1",
               "县级验收，2025年10月10日，合格证Z7", f"{envelope['name_zh']}（", "119.54元。",
               "约定的2.25亩（0.150公顷）中，0.75亩（0.050公顷）没有验收合格，这部分没有付"),
        "en": ("wetland bird-damage compensation, damage compensation, for 2025 (tranche 1), crop damage",
               "0.150 ha (2.25 mu) agreed, 0.100 ha (1.50 mu) accepted", "rate 84.00 yuan/mu", "CNY 126.00 in all",
               "CNY 119.54 is paid now; this year's funds leave CNY 6.46 of it unpaid", "contract K1/1",
               "county acceptance on 10 October 2025, certificate Z7", f"{envelope['name_en']} (", "of the 0.150 ha (2.25 mu) agreed"),
    }  # fmt: skip
    for lang in ("zh", "en"):
        text = letter_text(folder, HOLDER, lang)
        for part in wanted[lang]:
            assert part in text, (part, text)
        paper = write_letter(folder, HOLDER, lang, tmp_path / f"{lang}.pdf")
        document = pypdfium2.PdfDocument(paper)
        said = "".join(p.get_textpage().get_text_range() for p in document).replace("\r\n", "")
        assert getattr(w.L_CLAIMS, lang) in said and "K1/1" in said
        document.close()


def test_the_letter_adds_up_and_a_paid_plot_is_not_called_uncompensated(county: Any, built: Built) -> None:
    d = due(1, plots_of(built)[0])
    x = compose(Bundle(county([(d, entitlement(d, short=646))])), HOLDER)
    assert sum(fen(r[-1].zh) for r in x.rows) == fen(x.total[-1].zh)
    assert not any("其他" in r[0].zh for r in x.rows)
    heads = [i for i, r in enumerate(x.rows) if not r[-1].zh]
    assert [x.rows[i][0].zh for i in heads] == ["按生态保护补偿标准", "按项目"]
    (row,) = [r for r in x.rows[heads[1] :] if "湿地鸟类" in r[0].zh]
    assert [c.zh for c in row[1:]] == ["1.50", "84.00", "126.00"]
    for said in x.why:
        assert "不计补偿" not in said.zh or said.zh.startswith("按生态保护补偿标准")


def test_what_a_programme_brings_is_no_change_of_area(county: Any, built: Built) -> None:
    def change(folder: Path) -> str:
        return compose(Bundle(folder, built[0] / "previous"), HOLDER).change[0].zh

    d = due(1, plots_of(built)[0])
    without, with_it = change(built[0]), change(county([(d, entitlement(d))]))
    assert "项目款项变化+126.00元" in with_it and "项目款项" not in without
    area = re.compile(r"面积和份额变化[+−][\d,.]+元")
    assert area.findall(with_it) == area.findall(without)


def test_a_holder_with_nothing_but_a_programme_has_no_empty_sentence(county: Any, built: Built) -> None:
    d = due(1, plots_of(built)[0])
    folder = county([(d, entitlement(d))], alone=True)
    x = compose(Bundle(folder), HOLDER)
    assert x.parts == () and x.total[-1].zh == "126.00"
    assert "由这几部分组成：。" not in letter_text(folder, HOLDER, "zh") and "made of: ." not in letter_text(folder, HOLDER, "en")


@pytest.mark.parametrize(
    ("more", "state", "zh", "en"),
    [
        ({"state": "waiting", "reason": "not_inspected", "inspection_id": ""}, "", "126.00元现在还不能付：尚未验收", "CNY 126.00 is not paid yet"),
        ({"state": "excluded", "reason": "breached", "gross_fen": 0, "net_fen": 0, "paid_dm2": 0}, "", "不付：违约", "not paid; in breach"),
        ({"state": "escrow", "reason": "disputed"}, "", "126.00元先存着：权属有争议", "CNY 126.00 is kept"),
        ({}, "held", "有异议未决，126.00元暂缓", "CNY 126.00 is held because an objection is open"),
        ({"deduction_fen": 600, "net_fen": 12_000}, "", "6.00元用于公共管护", "CNY 6.00 goes to public management"),
        ({"reason": "stacked_cut", "stacked_dm2": 20_000, "against": "eco_zone"}, "", "0.30亩（0.020公顷）已由其他项目补偿", "0.020 ha (0.30 mu)"),
        ({"state": "excluded", "reason": "stacked", "gross_fen": 0, "net_fen": 0, "paid_dm2": 0, "against": "eco_zone"}, "",
         "已由其他项目补偿（生态保护补偿（按标准））", "(Compensation by the standard)"),
        ({"rate": "300", "unit": "CNY/household", "gross_fen": 30_000, "net_fen": 30_000}, "", "标准300.00元/户，共300.00元", "rate 300.00 yuan/household"),
    ],
)  # fmt: skip
def test_what_is_not_paid_is_told_with_its_reason(county: Any, built: Built, more: Row, state: str, zh: str, en: str) -> None:
    d = due(1, plots_of(built)[0], **more)
    folder = county([(d, entitlement(d, state=state))], alone=True)
    assert zh in letter_text(folder, HOLDER, "zh"), letter_text(folder, HOLDER, "zh")
    assert en in letter_text(folder, HOLDER, "en"), letter_text(folder, HOLDER, "en")
    x = compose(Bundle(folder), HOLDER)
    assert sum(fen(r[-1].zh) for r in x.rows) == fen(x.total[-1].zh)
    assert not any(r[0].zh == "其他" for r in x.rows)


def test_plots_paid_as_one_are_told_one_by_one_and_seedlings_are_no_cash(county: Any, built: Built) -> None:
    parcel = plots_of(built)[0]
    first, second = due(1, parcel), due(2, parcel, variant="pond", inspection_id="I2")
    both = entitlement(first)
    for column in ("area_dm2", "gross_fen", "entitled_fen", "funded_fen"):
        both[column] *= 2
    kind = due(3, parcel, payee="supplier", state="in_kind", reason="", net_fen=5000, inspection_id="")
    text = letter_text(county([(first, both), (second, None), (kind, None)], alone=True), HOLDER, "zh")
    assert "农作物受损" in text and "鱼塘受损" in text and "合同K1/1；合同K2/1" in text and "本次付252.00元" in text
    assert "另有50.00元用于种苗等，不发现金" in text


def test_the_report_has_a_table_by_programme_and_says_whose_money_it_is(county: Any, built: Built) -> None:
    parcel = plots_of(built)[0]
    one, waits = due(1, parcel), due(2, parcel, state="waiting", reason="not_inspected", inspection_id="")
    b = Bundle(county([(one, entitlement(one, short=646)), (waits, entitlement(waits))]))
    table, whose, *notes = by_programme(b)
    assert isinstance(table, Grid) and isinstance(whose, Grid)
    by = {r[0].zh: [c.zh for c in r[1:]] for r in table.rows}
    assert by["湿地鸟类损害补偿"] == ["1", "0.1", "126.00", "119.54", "0.00", "6.46", "126.00"]
    for line in (*table.rows, table.total):
        assert line is not None
        owed, paid, kept, short = (fen(line[i].zh) for i in (3, 4, 5, 6))
        assert owed == paid + kept + short
    every = rows(b.folder, "entitlement")
    assert table.total is not None and table.total[3].zh == say_yuan(sum(r["entitled_fen"] for r in every))
    lines = [(r[0].zh, r[1].zh, r[2].zh) for r in whose.rows]
    at = next(i for i, line in enumerate(lines) if line[0] == "湿地鸟类损害补偿")
    assert lines[at] == ("湿地鸟类损害补偿", "126.00", "119.54")
    assert lines[at + 1 : at + 3] == [("省级", "75.60", "—"), ("县级", "50.40", "—")]
    assert lines[at + 3][1:] == ("—", "119.54")
    assert all(isinstance(n, Para) for n in notes)
    assert money(Story(b, built[1])).blocks.count(table) == 1


def test_a_case_without_programmes_has_no_table_of_them(built: Built) -> None:
    assert by_programme(Bundle(built[0])) == []


def test_a_row_held_by_an_objection_is_not_called_owed_in_full(county: Any, built: Built) -> None:
    d = due(1, plots_of(built)[0], reason="")
    b = Bundle(county([(d, entitlement(d, state="held"))]))
    at = b.folder / "tables" / "entitlement.parquet"
    held = [r | {"reason": "" if r["state"] == "held" else r["reason"]} for r in pq.read_table(at).to_pylist()]
    pq.write_table(pa.Table.from_pylist(held, schema=pq.read_schema(at)), at)
    section = money(Story(Bundle(b.folder), built[1]))
    (grid,) = [x.table for x in section.blocks if isinstance(x, Chart) and x.table is not None and x.table.title == w.REASON_TABLE]
    said = [r[0] for r in grid.rows]
    assert "异议暂缓" in [t.zh for t in said] and "held (open objection)" in [t.en for t in said]
    assert not any("足额" in t.zh or "in full" in t.en for t in said)
