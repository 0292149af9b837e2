"""Rights follow the ground to a new edition, and ground that changes hands is told; imports keep what was once known."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

MAPPING = 'scheme = "own"\n[fields]\nparcel_id = "pid"\nland_class = "lc"\nvillage_code = "vc"\ndeclared_area = ""\n[classes]\n"A" = "11"\n'
VILLAGE = "990121001001"
RIGHTS = "right_id,parcel_id,holder_id,kind,share_num,share_den,state,document,valid_from,valid_to,known_from,known_to\n"


class Desk:
    def __init__(self, ecocomp, place: Path) -> None:
        self.run, self.place, self.office = ecocomp, place, place / "office"
        (place / "map.toml").write_text(MAPPING, encoding="utf-8")

    def json(self, *words: object, rc: int = 0) -> dict:
        done = self.run(*words, "--office", self.office, "--json")
        assert done.returncode == rc, done.stdout + done.stderr
        return json.loads(done.stdout)

    def edition(self, day: str, strips: dict[str, tuple[float, float]]) -> str:
        """Import an edition of strips 100 m high, by code: from and to, in m."""
        y0, y1, e = 3_900_000, 3_900_100, 500_000
        features = [
            {
                "type": "Feature",
                "properties": {"pid": p, "lc": "A", "vc": VILLAGE},
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [[[e + a, y0], [e + b, y0], [e + b, y1], [e + a, y1], [e + a, y0]]],
                },
            }
            for p, (a, b) in strips.items()
        ]
        crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4545"}}
        file = self.place / f"e{day}.geojson"
        file.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))
        mapping = self.place / "map.toml"
        found = self.json("survey", "import", file, "--mapping", mapping, "--from", day, "--region", "990121")["edition"]
        return found if isinstance(found, str) else found["edition_id"]

    def rights(self, name: str, rows: list[str], *more: str, holders: tuple[str, ...] = ("HA", "HB", "HC", "HD")) -> dict:
        folder = self.place / name
        folder.mkdir()
        people = "".join(f"{h},household,n{h},{VILLAGE},3,\n" for h in holders)
        (folder / "holder.csv").write_text("holder_id,kind,name,village_code,members,income_fen\n" + people)
        (folder / "right.csv").write_text(RIGHTS + "\n".join(rows) + "\n")
        return self.json("tenure", "import", folder, *more)

    def holders(self, parcel: str, on: str, known: str = "2099-01-01") -> list[str]:
        done = self.run("tenure", "parcel", parcel, "--on", on, "--known", known, "--office", self.office, "--json")
        return sorted(r["holder_id"] for r in json.loads(done.stdout).get("tenure", []))


@pytest.fixture
def desk(ecocomp, tmp_path: Path) -> Desk:
    return Desk(ecocomp, tmp_path)


def _right(n: int, holder: str, parcel: str) -> str:
    return f"R{n},{parcel},{holder},contract,1,1,clear,doc,2020-01-01,,2020-01-01,"


def test_rights_are_carried_and_a_second_time_changes_nothing(desk: Desk) -> None:
    old = desk.edition("2020-01-01", {"P1": (0, 100), "P2": (100, 200), "P3": (200, 300)})
    desk.rights("reg", [_right(1, "HA", "P1"), _right(2, "HB", "P2"), _right(3, "HC", "P3")])
    new = desk.edition("2024-01-01", {"P1a": (0, 40), "P1b": (40, 100), "P9": (100, 200), "P3": (200, 300)})
    assert desk.json("tenure", "carry", old, new)["registers"]["tenure"] == {"ended": 2, "added": 5}
    for parcel, holder in (("P1a", "HA"), ("P1b", "HA"), ("P9", "HB"), ("P3", "HC")):
        assert desk.holders(parcel, "2024-06-01") == [holder]
    assert desk.holders("P1", "2023-12-31") == ["HA"] and desk.holders("P1", "2024-01-01") == []
    again = desk.json("tenure", "carry", old, new)
    assert again["change"] is None and again["faults"] == []


def test_ground_that_changes_hands_under_codes_that_go_on_is_told(desk: Desk) -> None:
    old = desk.edition("2020-01-01", {"P1": (0, 100), "P2": (100, 200), "P3": (200, 300), "P4": (300, 400)})
    desk.rights("reg", [_right(n, h, f"P{n}") for n, h in enumerate(("HA", "HB", "HC", "HD"), 1)])
    new = desk.edition("2024-01-01", {"P2": (0, 103), "P1": (103, 200), "P3": (200, 245)})
    told = desk.json("tenure", "carry", old, new, rc=1)
    found = {(f["code"], f["record"], f["severity"]) for f in told["faults"]}
    assert found >= {
        ("tenure.moved_ground", "P1", "error"),
        ("tenure.moved_ground", "P2", "error"),
        ("tenure.ground_lost", "P4", "error"),
        ("tenure.ground_lost", "P3", "warning"),
    }


def test_those_recorded_are_not_said_to_be_refused(desk: Desk) -> None:
    old = desk.edition("2020-01-01", {"P1": (0, 100), "P2": (100, 200), "P3": (200, 300)})
    desk.rights("reg", [_right(1, "HA", "P1"), _right(2, "HB", "P2"), _right(3, "HC", "P3")])
    new = desk.edition("2024-01-01", {"P12": (0, 200), "P30": (200, 300)})
    done = desk.run("tenure", "carry", old, new, "--office", desk.office, "--lang", "en")
    assert done.returncode == 1 and "nothing was recorded" not in done.stdout and "The rest is recorded" in done.stdout
    assert desk.holders("P30", "2024-06-01") == ["HC"] and desk.holders("P1", "2024-06-01") == ["HA"]


def test_what_was_once_known_and_withdrawn_is_taken_over(desk: Desk) -> None:
    desk.edition("2020-01-01", {"P1": (0, 100), "P2": (100, 200)})
    withdrawn = "R2,P2,HA,contract,1,1,clear,doc,2020-01-01,,2020-02-01,2021-03-01"
    assert desk.rights("a", [_right(1, "HA", "P1"), withdrawn])["registers"]["tenure"] == {"new": 2, "same": 0, "changed": 0}
    assert desk.holders("P2", "2020-06-01", "2020-06-01") == ["HA"] and desk.holders("P2", "2020-06-01") == []
    assert desk.rights("b", [_right(1, "HA", "P1"), withdrawn])["change"] is None


def test_an_update_leaves_corrected_versions_corrected(desk: Desk) -> None:
    desk.edition("2020-01-01", {"P1": (0, 100), "P2": (100, 200)})
    desk.rights("a", [_right(1, "HA", "P1")])
    rows = [
        _right(1, "HB", "P1"),
        "R4,P2,HA,contract,1,1,clear,doc,2019-01-01,2020-01-01,2020-01-01,2021-01-01",
        "R4,P2,HB,contract,1,1,clear,doc,2020-01-01,,2021-01-01,",
    ]
    desk.rights("b", rows, "--update")
    assert desk.holders("P1", "2020-06-01") == ["HB"]
    assert desk.holders("P2", "2019-06-01") == [] and desk.holders("P2", "2019-06-01", "2020-06-01") == ["HA"]


def test_a_part_of_a_case_does_not_contradict_days_it_does_not_say(desk: Desk) -> None:
    desk.edition("2020-01-01", {"P1": (0, 100), "P2": (100, 200)})
    early = "R1,P1,HA,contract,1,1,clear,doc,2015-01-01,,2015-01-01,"
    desk.rights("a", [early, _right(2, "HB", "P2")])
    assert desk.rights("b", [_right(2, "HB", "P2")])["change"] is None


def test_the_dead_are_not_exported_as_clear(desk: Desk) -> None:
    desk.edition("2020-01-01", {"P1": (0, 100)})
    desk.rights("a", [_right(1, "HA", "P1")])
    deeds = desk.place / "d.yaml"
    deeds.write_text("- {deed: end_party, on: 2024-02-10, source: {number: D1, kind: certificate}, party_id: HA}\n")
    desk.json("tenure", "record", deeds)
    desk.json("tenure", "export", "--to", desk.place / "out")
    with (desk.place / "out" / "right.csv").open(newline="") as file:
        now = {(r["valid_from"], r["state"]) for r in csv.DictReader(file) if not r["known_to"]}
    assert now == {("2020-01-01", "clear"), ("2024-02-10", "disputed")}


def test_an_update_from_a_case_leaves_what_the_case_does_not_say(desk: Desk) -> None:
    desk.edition("2020-01-01", {"P1": (0, 100)})
    desk.rights("a", [_right(1, "HA", "P1")])
    deeds = desk.place / "d.yaml"
    head = "- {deed: change_party, on: 2021-01-01, retroactive: true, source: {number: A1, kind: other}, party_id: HA, "
    deeds.write_text(head + "id_number: 11010519491231002X, income_yuan: '500'}\n")
    desk.json("tenure", "record", deeds)
    assert desk.rights("b", [_right(1, "HA", "P1")])["change"] is None
    folder = desk.place / "c"
    folder.mkdir()
    heads = "holder_id,kind,name,village_code,members,income_fen\n"
    (folder / "holder.csv").write_text(heads + f"HA,household,another,{VILLAGE},3,\n")
    desk.json("tenure", "import", folder, "--update")
    was, now = (desk.json("tenure", "holder", "HA", "--on", d)["party"][0] for d in ("2020-06-01", "2022-06-01"))
    assert (was["name"], now["name"], now["income_fen"], now["valid_from"]) == ("nHA", "another", 50_000, "2021-01-01")
    assert now["id_number"].startswith("110") and now["id_number"].endswith("002X")
