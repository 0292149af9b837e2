"""The fingerprint of the code covers everything that can change a result."""

from __future__ import annotations

from pathlib import Path

import ecocomp
from ecocomp.pipeline.software import source_files


def test_templates_styles_and_data_count_as_code() -> None:
    root = Path(ecocomp.__file__).parent
    counted = {p.relative_to(root).as_posix() for p in source_files(root)}
    assert {"report/templates/report.html.j2", "report/templates/letter.typ", "report/templates/report.css"} <= counted
    assert "terms/variables.yaml" in counted and "terms/money.py" in counted
    assert not any("__pycache__" in name for name in counted)


def test_a_changed_byte_in_any_kind_of_file_is_another_set(tmp_path: Path) -> None:
    for name in ("a.py", "b.j2", "c.anything"):
        (tmp_path / name).write_text("x")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_bytes(b"x")
    assert [p.name for p in source_files(tmp_path)] == ["a.py", "b.j2", "c.anything"]
