"""`ecocomp export`: a bundle's tables in the forms offices ask for; text cells can never act as formulas."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

from ecocomp.governance.bundle import open_bundle, read_bundle_table
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.tables import TABLES
from ecocomp.terms.text import Lang, Text

PERSONAL = frozenset({"holder"})
_ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\0")


def export_bundle(bundle: Path, form: str, out: Path | None, lang: Lang) -> list[Path]:
    """Write the bundle in `form` and return what was written; the bundle itself is not touched."""
    facts = open_bundle(bundle)
    stem = f"ecocomp-{facts['case']['place']}-{facts['year']}"
    if form == "csv":
        return _csv(bundle, out or Path(f"{stem}-csv"))
    if form == "pdf":
        return [_copy(bundle / "report" / f"report.{lang}.pdf", out or Path(f"{stem}.{lang}.pdf"))]
    target = out or Path(f"{stem}.{'parquet' if form == 'geoparquet' else form}")
    if form == "xlsx":
        return [_xlsx(bundle, target, lang)]
    return [_geo(bundle, target, form)]


def _tables(bundle: Path) -> list[str]:
    return [n for n in TABLES if n not in PERSONAL and (bundle / "tables" / f"{n}.parquet").is_file()]


def quiet(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; control characters are dropped."""
    if isinstance(value, str):
        clean = "".join(c for c in value if c in "\n" or ord(c) >= 32)
        return "'" + clean if value.startswith(_ACTIVE) else clean
    return value


def _csv(bundle: Path, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in _tables(bundle):
        table = read_bundle_table(bundle, name)
        path = folder / f"{name}.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(table.schema.names)
            for batch in table.to_batches(max_chunksize=50_000):
                columns = [[quiet(v) for v in column.to_pylist()] for column in batch.columns]
                writer.writerows(zip(*columns, strict=True))
        written.append(path)
    return written


def _xlsx(bundle: Path, path: Path, lang: Lang) -> Path:
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    for name in _tables(bundle):
        table = read_bundle_table(bundle, name)
        if len(table) > 1_000_000:
            continue
        sheet = book.create_sheet(TABLES[name].title.to(lang)[:31])
        sheet.freeze_panes = "B2"
        heads = []
        for column in TABLES[name].columns:
            from openpyxl.cell import WriteOnlyCell

            cell = WriteOnlyCell(
                sheet, value=f"{column.meaning.to(lang)}" + (f"（{column.unit}）" if column.unit and "." not in column.unit else "")
            )
            cell.font = Font(bold=True)
            heads.append(cell)
        sheet.append(heads)
        for row in zip(*([quiet(v) for v in c.to_pylist()] for c in table.columns), strict=True):
            sheet.append(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def _geo(bundle: Path, path: Path, form: str) -> Path:
    """Write parcels with their zone, rate and light; geometry as in the survey edition."""
    from ecocomp.pipeline.mapdata import parcel_layer, write_parcel_layer

    return write_parcel_layer(parcel_layer(bundle), path, form)


def _copy(source: Path, target: Path) -> Path:
    if not source.is_file():
        raise FaultsError(
            [
                Fault(
                    "export.missing",
                    source.name,
                    "",
                    Text("成果包里没有这份报告。", "The bundle has no such report."),
                    Text("重新运行 ecocomp run。", "Run ecocomp run again."),
                )
            ]
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return target
