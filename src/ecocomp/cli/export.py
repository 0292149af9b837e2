"""`ecocomp export`: a bundle's tables in the forms offices ask for; text cells can never act as formulas."""

from __future__ import annotations

import csv
import shutil
import warnings
from pathlib import Path
from typing import Any

from ecocomp.governance.bundle import open_bundle, read_bundle_table
from ecocomp.governance.open_data import guarded_cell
from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.tables import TABLES
from ecocomp.terms.text import Lang, Text

PERSONAL = frozenset({"holder"})
# The endings of each form; the first is given to a name without one.
ENDINGS = {"gpkg": (".gpkg",), "geoparquet": (".parquet", ".geoparquet"), "xlsx": (".xlsx",), "pdf": (".pdf",)}
_WHAT = {
    "gpkg": Text("地块图层（GeoPackage）", "the parcel layer (GeoPackage)"),
    "geoparquet": Text("地块图层（GeoParquet）", "the parcel layer (GeoParquet)"),
    "xlsx": Text("全部表格（不含权利人）的工作簿", "a workbook of all tables but the holders"),
    "pdf": Text("年度报告", "the report of the year"),
}

MAX_SHEET_ROWS = 1_000_000


def export_bundle(bundle: Path, form: str, out: Path | None, lang: Lang) -> list[Path]:
    """Write the bundle in `form` and return what was written; the bundle itself is not touched.

    form  gpkg, geoparquet, xlsx, csv or pdf
    out   file to write (folder for csv); a name without the ending of the form is given it, and in a folder that
          exists the file gets the name it has by default
    """
    facts = open_bundle(bundle)
    stem = f"ecocomp-{facts['case']['place']}-{facts['year']}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if form == "csv":
            return _csv(bundle, out or Path(f"{stem}-csv"))
        target = named(out, form, f"{stem}.{lang}" if form == "pdf" else stem)
        if form == "pdf":
            return [_copy(bundle / "report" / f"report.{lang}.pdf", target)]
        if form == "xlsx":
            return [_xlsx(bundle, target, lang)]
        return [_geo(bundle, target, form)]


def named(out: Path | None, form: str, stem: str) -> Path:
    """Return the file to write: `out` with the ending of the form, or the default name."""
    ends = ENDINGS[form]
    if out is None or out.is_dir():
        return (out or Path()) / f"{stem}{ends[0]}"
    return out if out.suffix.lower() in ends else out.with_name(out.name + ends[0])


def what(form: str, path: Path) -> Text:
    """Return what a written file holds."""
    return TABLES[path.stem].title if form == "csv" else _WHAT[form]


def _tables(bundle: Path) -> list[str]:
    return [n for n in TABLES if n not in PERSONAL and (bundle / "tables" / f"{n}.parquet").is_file()]


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
                columns = [[guarded_cell(v) for v in column.to_pylist()] for column in batch.columns]
                writer.writerows(zip(*columns, strict=True))
        written.append(path)
    return written


def _xlsx(bundle: Path, path: Path, lang: Lang) -> Path:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    left_out: list[list[Any]] = []
    for name in _tables(bundle):
        table = read_bundle_table(bundle, name)
        if len(table) > MAX_SHEET_ROWS:
            left_out.append([name, TABLES[name].title.to(lang), len(table)])
            continue
        sheet = book.create_sheet(TABLES[name].title.to(lang)[:31])
        sheet.freeze_panes = "B2"
        heads = []
        for column in TABLES[name].columns:
            cell = WriteOnlyCell(
                sheet, value=f"{column.meaning.to(lang)}" + (f"（{column.unit}）" if column.unit and "." not in column.unit else "")
            )
            cell.font = Font(bold=True)
            heads.append(cell)
        sheet.append(heads)
        for row in zip(*([guarded_cell(v) for v in c.to_pylist()] for c in table.columns), strict=True):
            sheet.append(row)
    if left_out:
        sheet = book.create_sheet(Text("未导出", "left out").to(lang))
        sheet.append([Text("行数超过一张表的上限，请用 csv", "more rows than a sheet holds; use csv").to(lang)])
        for line in left_out:
            sheet.append(line)
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
