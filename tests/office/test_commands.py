"""The commands of an office, each in a process of its own, as a clerk runs them: answers, JSON, exit status, both languages."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecocomp.sample.dltb import make_dltb

Run = Callable[..., subprocess.CompletedProcess[str]]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
MAPPING = '[fields]\nparcel_id = "parcel_id"\nland_class = "land_class"\nvillage_code = "village_code"\ndeclared_area = "declared_area_m2"\n'
PARCEL, OLD_HOLDER, NEW_HOLDER = "990121100201JE00002", "H990121000009", "H990121000012"
pytestmark = pytest.mark.xdist_group("county")


@pytest.fixture(scope="module")
def made(county, ecocomp: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with the county's parcels, rights and red line; read it, copy it to write in it."""
    place = tmp_path_factory.mktemp("commands")
    (place / "map.toml").write_text(MAPPING, encoding="utf-8")
    office, inputs = place / "office", county.folder / "inputs"
    paper = ("--authority", "青溪县人民政府", "--document", "虚构〔2019〕1号", "--adopted-on", "2019-12-01", "--why", "样例")
    for step in (
        ("survey", "import", inputs / "parcels.gpkg", "--office", office, "--mapping", place / "map.toml", "--from", "2020-01-01"),
        ("tenure", "import", inputs, "--office", office),
        ("zones", "import", inputs / "red_line.gpkg", "--office", office, "--category", "general", "--from", "2020-01-01", *paper),
    ):
        done = ecocomp(*step)
        assert done.returncode == 0, done.stdout + done.stderr
    return office


@pytest.fixture
def office(made: Path, tmp_path: Path) -> Path:
    """A copy of the office to write in."""
    return Path(shutil.copytree(made, tmp_path / "office"))


def answer(done: subprocess.CompletedProcess[str], status: int = 0) -> dict[str, Any]:
    """The JSON a command printed, after checking its exit status."""
    assert done.returncode == status, done.stdout[-2000:] + done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder but the log of the database, which a reader may touch."""
    return {
        str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file() and "sqlite3-" not in p.name
    }


# ---------------------------------------------------------------- survey
def test_a_layer_with_faults_changes_nothing_and_tells_every_fault(office: Path, ecocomp: Run, tmp_path: Path) -> None:
    planted = make_dltb(tmp_path / "dltb", parcels=400, seed=3, faults={"duplicate_bsm": 1, "overlap": 1, "kcmj_broken": 1})
    before = [e["edition_id"] for e in answer(ecocomp("survey", "list", "--office", office, "--json", "--all"))["editions"]]
    report = tmp_path / "faults.csv"
    got = answer(ecocomp("survey", "import", planted.path, "--office", office, "--report", report, "--json"), status=1)
    codes = {f["code"] for f in got["faults"] if f["severity"] == "error"}
    assert {"land.duplicate_id", "land.overlap", "land.deducted_area"} <= codes and got["edition"] is None
    assert got["counts"]["rows_in"] == planted.rows == got["counts"]["rows_out"] + got["counts"]["rows_refused"]
    lines = report.read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 1 + len(got["faults"]) and all(f["clash_zh"] and f["remedy_en"] for f in got["faults"])
    assert [e["edition_id"] for e in answer(ecocomp("survey", "list", "--office", office, "--json", "--all"))["editions"]] == before


def test_a_dry_run_leaves_every_file_as_it_was(office: Path, ecocomp: Run, tmp_path: Path) -> None:
    planted = make_dltb(tmp_path / "dltb", parcels=300, seed=4, faults={})
    before = contents(office)
    got = answer(ecocomp("survey", "import", planted.path, "--office", office, "--dry-run", "--json"))
    assert got["ok"] and got["dry_run"] and got["edition"] is None and got["counts"]["errors_total"] == 0
    after = {k: v for k, v in contents(office).items() if not k.startswith("staging/")}
    assert after == {k: v for k, v in before.items() if not k.startswith("staging/")}


def test_a_dry_run_writes_nothing_into_a_folder_that_is_no_office(ecocomp: Run, tmp_path: Path) -> None:
    planted = make_dltb(tmp_path / "dltb", parcels=300, seed=4, faults={"duplicate_bsm": 2})
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    assert not answer(ecocomp("survey", "import", planted.path, "--office", folder, "--dry-run", "--json"), status=1)["ok"]
    assert [p.name for p in folder.iterdir()] == ["notes.txt"]


def test_one_file_twice_is_one_edition_and_a_later_one_ends_it(office: Path, ecocomp: Run, county, made: Path) -> None:
    layer, mapping = county.folder / "inputs" / "parcels.gpkg", made.parent / "map.toml"
    again = answer(ecocomp("survey", "import", layer, "--office", office, "--mapping", mapping, "--from", "2020-01-01", "--json"))
    assert again["already_there"]
    later = answer(ecocomp("survey", "import", layer, "--office", office, "--mapping", mapping, "--from", "2025-01-01", "--json"))
    assert later["replaced"] == [again["edition"]["edition_id"]] and later["rights_without_parcel"] == []
    on_2024 = answer(ecocomp("survey", "list", "--office", office, "--on", "2024-12-31", "--kind", "parcel", "--json"))["editions"]
    on_2025 = answer(ecocomp("survey", "list", "--office", office, "--on", "2025-01-01", "--kind", "parcel", "--json"))["editions"]
    assert [e["valid_from"] for e in (*on_2024, *on_2025)] == ["2020-01-01", "2025-01-01"]
    diff = answer(ecocomp("survey", "diff", on_2024[0]["edition_id"], on_2025[0]["edition_id"], "--office", office, "--json"))
    assert diff["summary"]["old"]["relations"] == {"same": 200} and diff["parcels"] == []


def test_a_mapping_file_is_written_for_a_layer_nobody_knows(ecocomp: Run, county, tmp_path: Path) -> None:
    layer, out = county.folder / "inputs" / "parcels.gpkg", tmp_path / "map.toml"
    refused = answer(ecocomp("survey", "import", layer, "--dry-run", "--json"), status=1)
    assert refused["faults"][0]["code"] == "land.needs_mapping"
    assert ecocomp("survey", "mapping", layer, "--out", out).returncode == 0
    assert "parcel_id" in out.read_text(encoding="utf-8")
    assert ecocomp("survey", "mapping", layer, "--out", out).returncode == 2  # nothing is overwritten


def test_topology_gives_places_to_look_at(office: Path, ecocomp: Run, tmp_path: Path) -> None:
    planted = make_dltb(tmp_path / "dltb", parcels=300, seed=5, faults={"overlap": 2, "gap": 1})
    out = tmp_path / "places.gpkg"
    got = answer(ecocomp("survey", "topology", planted.path, "--out", out, "--json"), status=1)
    kinds = [f["kind"] for f in got["finds"]]
    assert kinds.count("overlap") == 2 and kinds.count("gap") == 1 and out.is_file()
    assert all(f["x"] and f["y"] for f in got["finds"])


def test_parcels_outside_the_outline_are_errors(ecocomp: Run, tmp_path: Path) -> None:
    planted = make_dltb(tmp_path / "dltb", parcels=400, seed=6, faults={"out_of_region": 2})
    outline = planted.path.parent / "region.gpkg"
    got = answer(ecocomp("survey", "import", planted.path, "--dry-run", "--outline", outline, "--json"), status=1)
    told = [f["record"] for f in got["faults"] if f["code"] == "land.outside_region"]
    assert len(told) == 2 and got["counts"]["records_in_error"] == 2
    got = answer(ecocomp("survey", "topology", planted.path, "--outline", outline, "--json"), status=1)
    assert sorted(f["parcel_id"] for f in got["finds"] if f["kind"] == "outside_region") == sorted(told)
    assert answer(ecocomp("survey", "import", planted.path, "--dry-run", "--json"))["ok"]  # nobody can tell without an outline


# ---------------------------------------------------------------- tenure
@pytest.mark.parametrize(
    ("on", "known", "holder"),
    [
        ("2025-04-01", "2025-04-01", OLD_HOLDER),  # the transfer of 19 March was recorded on 15 May
        ("2025-04-01", "2025-06-01", NEW_HOLDER),
        ("2025-03-01", "2025-06-01", OLD_HOLDER),
    ],
)
def test_whose_land_it_was_on_a_day_as_known_on_another(made: Path, ecocomp: Run, on: str, known: str, holder: str) -> None:
    got = answer(ecocomp("tenure", "parcel", PARCEL, "--office", made, "--on", on, "--known", known, "--json"))
    assert [r["holder_id"] for r in got["tenure"] if r["kind"] == "contract"] == [holder]


def test_a_file_taken_in_twice_changes_nothing(office: Path, ecocomp: Run, county) -> None:
    got = answer(ecocomp("tenure", "import", county.folder / "inputs", "--office", office, "--json"))
    assert got["change"] is None and all(c["new"] == c["changed"] == 0 for c in got["registers"].values())
    assert got["counts"]["rows_in"] == got["counts"]["used"] + got["counts"]["left_out"] + got["counts"]["refused"]


def test_a_first_import_makes_the_office_of_its_county_and_a_refused_one_makes_none(ecocomp: Run, county, tmp_path: Path) -> None:
    inputs, place = county.folder / "inputs", tmp_path / "office"
    broken = tmp_path / "broken"
    broken.mkdir()
    for name in ("holder", "right", "contract"):
        shutil.copy(inputs / f"{name}.csv", broken)
    text = (broken / "right.csv").read_text(encoding="utf-8")
    (broken / "right.csv").write_text(text.replace(",1,1,clear,", ",one,1,clear,", 1), encoding="utf-8")
    place.mkdir()
    for command, status in ((("import", broken), 1), (("import", inputs, "--dry-run"), 0)):
        answer(ecocomp("tenure", *command, "--office", place, "--json"), status=status)
        assert not list(place.iterdir())
    answer(ecocomp("tenure", "import", inputs, "--office", place, "--json"))
    assert answer(ecocomp("office", "show", "--office", place, "--json"))["region_code"] == "990121"
    shutil.copy(inputs / "holder.csv", tmp_path)
    assert ecocomp("tenure", "import", inputs, tmp_path / "holder.csv", "--office", place).returncode == 2  # which of the two?


def test_a_contradiction_is_a_fault_unless_it_is_a_correction(office: Path, ecocomp: Run, county, tmp_path: Path) -> None:
    holder = tmp_path / "holder.csv"
    text = (county.folder / "inputs" / "holder.csv").read_text(encoding="utf-8")
    holder.write_text(text.replace("云一,", "云壹,", 1), encoding="utf-8")
    refused = answer(ecocomp("tenure", "import", holder, "--office", office, "--json"), status=1)
    assert [f["code"] for f in refused["faults"]] == ["tenure.differs"] and "云壹" in refused["faults"][0]["clash_zh"]
    taken = answer(ecocomp("tenure", "import", holder, "--office", office, "--update", "--json"))
    assert taken["registers"]["party"]["changed"] == 1 and taken["change"] is not None


DEED = """
- deed: transfer
  on: 2026-01-01
  retroactive: true
  source: {number: 虚构转让〔2026〕1号, kind: contract, title: 转让合同, issuer: 虚构乡镇}
  right_id: R9901210000037
  to: %s
"""


def test_a_deed_changes_the_register_and_not_the_past(office: Path, ecocomp: Run, tmp_path: Path) -> None:
    file = tmp_path / "deeds.yaml"
    file.write_text(DEED % OLD_HOLDER, encoding="utf-8")
    dry = answer(ecocomp("tenure", "record", file, "--office", office, "--dry-run", "--json"))
    assert dry["ok"] and dry["change"] is None
    done = answer(ecocomp("tenure", "record", file, "--office", office, "--json"))
    assert done["change"] is not None
    for on, holder in (("2025-12-31", NEW_HOLDER), ("2026-01-01", OLD_HOLDER)):
        got = answer(ecocomp("tenure", "parcel", PARCEL, "--office", office, "--on", on, "--json"))
        assert [r["holder_id"] for r in got["tenure"] if r["kind"] == "contract"] == [holder], on
    got = answer(ecocomp("tenure", "parcel", PARCEL, "--office", office, "--on", "2026-01-01", "--known", "2026-01-01", "--json"))
    assert [r["holder_id"] for r in got["tenure"] if r["kind"] == "contract"] == [NEW_HOLDER]
    assert answer(ecocomp("office", "verify", "--office", office, "--json"))["ok"]


def test_a_wrong_deed_is_refused_as_a_whole(office: Path, ecocomp: Run, tmp_path: Path) -> None:
    file = tmp_path / "deeds.yaml"
    file.write_text(DEED % OLD_HOLDER + DEED % "NOBODY", encoding="utf-8")
    got = answer(ecocomp("tenure", "record", file, "--office", office, "--json"), status=1)
    assert any("NOBODY" in f["clash_en"] + f["record"] for f in got["faults"]) and got["change"] is None


def test_titles_that_block_payment(made: Path, ecocomp: Run) -> None:
    got = answer(ecocomp("tenure", "blocked", "--office", made, "--json"))
    assert got["parcels"] == 200 and set(got["by_reason"]) == {"disputed"} and len(got["rows"]) == sum(got["by_reason"].values())


def test_what_changed_about_a_day(made: Path, ecocomp: Run) -> None:
    got = answer(ecocomp("tenure", "changes", "--office", made, "--since", "2025-05-01", "--until", "2025-05-31", "--on", "2025-04-01",
                         "--parcel", PARCEL, "--json"))  # fmt: skip
    assert {r["right_id"] for r in got["moved"]["tenure"]} == {"R9901210000035", "R9901210000037"}


def test_what_binds_on_a_parcel_comes_with_its_area(made: Path, ecocomp: Run) -> None:
    got = answer(ecocomp("tenure", "parcel", "990121100200GF00001", "--office", made, "--json"))
    (row,) = got["control"]
    assert row["restriction_id"] == "red_line-990121" and 0 < row["area_dm2"] <= got["parcel"][0]["area_dm2"]


# ---------------------------------------------------------------- zones and regions
def test_the_impact_of_a_new_layer_before_it_is_adopted(made: Path, ecocomp: Run, county) -> None:
    line = county.folder / "inputs" / "reserves.gpkg"
    got = answer(ecocomp("zones", "impact", "--office", made, "--line", line, "--bundle", county.bundle(2025), "--json"))
    sums = got["impact"]
    assert got["closes"] and sums["before_dm2"] + sums["gained_dm2"] - sums["lost_dm2"] == sums["after_dm2"]
    assert sums["parcels"] == len(got["parcels"]) > 0 and sums["holders"] > 0
    without = answer(ecocomp("zones", "impact", "--office", made, "--line", line, "--json"))["impact"]
    assert without["gained_fen"] is None  # not known is not nothing


def test_a_layer_without_papers_binds_nobody(office: Path, ecocomp: Run, county) -> None:
    layer = county.folder / "inputs" / "reserves.gpkg"
    got = answer(ecocomp("zones", "import", layer, "--office", office, "--kind", "reserve", "--from", "2021-01-01", "--json"))
    assert got["ok"] and {f["code"] for f in got["faults"]} == {"zoning.no_papers"}
    parcels = answer(ecocomp("zones", "impact", "--office", office, "--line", layer, "--kind", "reserve", "--json"))["parcels"]
    one = parcels[0]["parcel_id"] if parcels else "990121100200JC00002"
    bound = answer(ecocomp("tenure", "parcel", one, "--office", office, "--json"))["control"]
    assert all(r["kind"] != "reserve" for r in bound)


def test_what_may_be_done_on_ground_and_on_a_parcel(made: Path, ecocomp: Run) -> None:
    core = {r["activity"]: r for r in answer(ecocomp("zones", "allowed", "red_line.core", "--json"))["uses"]}
    assert core["mining"]["verdict"] == "forbidden" and core["mining"]["document"] and core["mining"]["confidence"]
    got = answer(ecocomp("zones", "allowed", "--office", made, "--parcel", "990121100200GF00001", "--json"))
    assert got["categories"] == ["red_line.general"] and len(got["uses"]) == len(core)
    assert ecocomp("zones", "allowed").returncode == 2 and ecocomp("zones", "allowed", "moon").returncode == 2


def test_conflicts_say_what_to_do(office: Path, ecocomp: Run, county) -> None:
    paper = ("--authority", "青溪县人民政府", "--document", "虚构〔2020〕9号", "--adopted-on", "2020-12-01", "--why", "样例")
    line = county.folder / "inputs" / "red_line.gpkg"
    answer(ecocomp("zones", "import", line, "--office", office, "--category", "core", "--from", "2021-01-01", *paper, "--json"))
    got = answer(ecocomp("tenure", "conflicts", "--office", office, "--json"))
    assert len(got["conflicts"]) == sum(got["by_kind"].values()) > 0
    assert all(c["clash_zh"] and c["remedy_en"] for c in got["conflicts"])


def test_regions_of_one_list_and_the_next(ecocomp: Run, tmp_path: Path) -> None:
    one, two, office = tmp_path / "one.csv", tmp_path / "two.csv", tmp_path / "office"
    one.write_text("code,name\n990121100,甲镇\n990121101,乙乡\n", encoding="utf-8")
    two.write_text("code,name\n990121100,甲镇\n990121102,乙镇\n", encoding="utf-8")
    answer(ecocomp("regions", "import", one, "--office", office, "--edition", "2020", "--from", "2020-01-01", "--json"))
    got = answer(ecocomp("regions", "import", two, "--office", office, "--edition", "2024", "--from", "2024-01-01", "--json"))
    changed = {(d["from_code"], d["to_code"]) for d in got["differences"] if d["kind"] != "kept"}
    assert changed and all("990121101" in pair or "990121102" in pair for pair in changed)
    assert ecocomp("regions", "resolve", "990121101", "--office", office, "--on", "2021-01-01").returncode == 0


# ---------------------------------------------------------------- words and exit status
def test_comparing_regions_never_writes_over_what_it_reads(ecocomp: Run, tmp_path: Path) -> None:
    one, two = tmp_path / "1.csv", tmp_path / "2.csv"
    for path, name in ((one, "青溪县"), (two, "=青溪区")):
        path.write_text(f"行政区划代码,单位名称\n990121,{name}\n", encoding="utf-8")
    kept = two.read_bytes()
    refused = ecocomp("regions", "compare", one, two, "--out", two, "--lang", "en")
    assert refused.returncode == 2 and two.read_bytes() == kept, refused.stderr
    assert ecocomp("regions", "compare", one, two, "--out", tmp_path / "d.csv").returncode == 0
    written = (tmp_path / "d.csv").read_bytes()
    assert written.startswith(b"\xef\xbb\xbf") and "'=青溪区" in written.decode() and ",=青溪区" not in written.decode()


@pytest.mark.parametrize(
    "command", ["office", "survey", "tenure", "regions", "envelopes", "survey import", "tenure blocked", "zones impact"]
)
def test_help_in_both_languages(command: str, ecocomp: Run) -> None:
    zh, en = (ecocomp(*command.split(), "--help", lang=lang) for lang in ("zh", "en"))
    assert zh.returncode == en.returncode == 0
    assert CHINESE.search(zh.stdout) and not CHINESE.search(en.stdout)


def test_wrong_use_and_no_office(ecocomp: Run, tmp_path: Path) -> None:
    assert ecocomp("tenure", "blocked").returncode == 2
    done = ecocomp("tenure", "blocked", "--office", tmp_path / "none")
    assert done.returncode == 1 and "none" in done.stderr and "ecocomp office new" in done.stderr
    assert ecocomp("tenure", "parcel", "P", "--office", tmp_path, "--on", "soon").returncode == 2


def test_a_checkpoint_kept_elsewhere_shows_a_log_cut_short(office: Path, made: Path, ecocomp: Run, tmp_path: Path) -> None:
    kept = tmp_path / "checkpoint"
    assert ecocomp("office", "checkpoint", "--office", office, "--out", kept).returncode == 0
    assert answer(ecocomp("office", "verify", "--office", office, "--checkpoint", kept, "--json"))["ok"]
    lines = kept.read_text(encoding="utf-8").splitlines()
    kept.write_text("\n".join([lines[0], str(int(lines[1]) + 1), lines[2]]) + "\n", encoding="utf-8")
    assert not answer(ecocomp("office", "verify", "--office", made, "--checkpoint", kept, "--json"), status=1)["ok"]


def test_a_party_is_found_by_name(made: Path, ecocomp: Run) -> None:
    got = answer(ecocomp("tenure", "find", "--office", made, "--name", "云一", "--json"))
    assert [r["party_id"] for r in got["parties"]] == ["H990121000001"]
    assert ecocomp("tenure", "find", "--office", made).returncode == 2


def test_a_name_nobody_has_is_said(made: Path, ecocomp: Run) -> None:
    got = answer(ecocomp("tenure", "holder", "H-nobody", "--office", made, "--json"), status=1)
    assert got["faults"][0]["code"] == "tenure.no_party"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_printed_is_in_one_language(made: Path, ecocomp: Run, lang: str) -> None:
    shown = ecocomp("tenure", "blocked", "--office", made, lang=lang).stdout
    assert bool(CHINESE.search(shown)) == (lang == "zh")
