"""A second sheet of a village counts its households from 1 again: nobody is taken for somebody else."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ecoweb.cadastre import intake
from ecoweb.office import Office
from ecoweb.people.queries import party

HEAD = "户主姓名,身份证号,地块编码,权利类型,村代码\n"


def sheet(folder: Path, name: str, *rows: tuple[str, str, str]) -> Path:
    file = folder / name
    file.write_text(HEAD + "".join(f"{n},{i},{p},承包,990121100200\n" for n, i, p in rows), encoding="utf-8")
    return file


@pytest.mark.parametrize("update", [False, True])
def test_another_household_of_the_same_number(office: Office, tmp_path: Path, update: bool) -> None:
    def plan(file: Path, update: bool = False) -> intake.Plan:
        read = intake.take_in([file], tmp_path / file.stem, on=date(2024, 1, 1))
        return intake.plan(office, read, update=update)

    first = plan(sheet(tmp_path, "a.csv", ("张三", "11010519491231002X", "990121100200JE00001")))
    assert first.ok, first.faults
    intake.write(office, first, actor="u:a", reason="建库")
    other = plan(sheet(tmp_path, "b.csv", ("李四", "440524188001010014", "990121100200JE00002")), update)
    assert [f.code for f in other.faults if f.severity == "error"] == ["tenure.other_household"]
    same_person = plan(sheet(tmp_path, "c.csv", ("张山", "11010519491231002X", "990121100200JE00001")), update)
    codes = [f.code for f in same_person.faults if f.severity == "error"]
    assert set(codes) == (set() if update else {"tenure.differs"})
    assert party(office, "990121100200-H0001", on=date(2024, 1, 1))["name"].to_pylist() == ["张三"]


def test_a_sheet_with_personal_numbers_handed_in_twice_changes_nothing(office: Office, tmp_path: Path) -> None:
    people = [("张三", "11010519491231002X", "990121100200JE00001"), ("李四", "440524188001010014", "990121100200JE00002")]
    file = sheet(tmp_path, "a.csv", *people)

    def plan(day: date, update: bool = False) -> intake.Plan:
        return intake.plan(office, intake.take_in([file], tmp_path / "work", on=day), update=update)

    for day in (date(2024, 1, 1), date(2099, 1, 1)):  # what holds only from a later day is there as well
        file = sheet(tmp_path, f"{day}.csv", *people)
        if day.year == 2099:
            file = sheet(tmp_path, "later.csv", ("王五", "990121195001101014", "990121100201JE00001"))
            file.write_text(file.read_text(encoding="utf-8").replace("990121100200", "990121100201"), encoding="utf-8")
        first = plan(day)
        assert first.ok, first.faults
        assert intake.write(office, first, actor="u:a", reason="建库") is not None
        for update in (False, True):
            again = plan(day, update)
            assert again.faults == [], again.faults
            assert again.merges["party"].counts == {"new": 0, "same": first.merges["party"].counts["new"], "changed": 0}
            assert intake.write(office, again, actor="u:a", reason="又一次") is None
    file = sheet(tmp_path, f"{date(2024, 1, 1)}.csv", ("张三", "440524188001010014", "990121100200JE00001"), *people[1:])
    assert any(f.code == "tenure.differs" and f.record.endswith("H0001") for f in plan(date(2024, 1, 1)).faults)
