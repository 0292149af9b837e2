"""Check the sums of a bundle: the same checks as when it was made, from its own tables alone."""

from __future__ import annotations

from pathlib import Path

from ecocomp.accounts.checks import CHECKED, checks
from ecocomp.governance.bundle import open_bundle, read_bundle_table
from ecocomp.terms.faults import Fault
from ecocomp.terms.tables import TABLES
from ecocomp.terms.text import Text


def check_bundle(folder: Path) -> list[Fault]:
    """Return a fault for each check of the books that fails; last year's bundle is used where it stands beside."""
    tables = {n: t for n in CHECKED if n in TABLES and (t := read_bundle_table(folder, n)) is not None}
    facts = open_bundle(folder)
    place = folder.parent / str((facts.get("previous") or {}).get("year", "-"))
    if (place / "bundle.json").is_file():
        tables["land_account_last"] = read_bundle_table(place, "land_account")
    return [
        Fault(
            "bundle.sum",
            "tables",
            row["check"],
            Text(row["detail_zh"], row["detail_en"]),
            Text("成果包自相矛盾，不要据此支付。", "The bundle contradicts itself; pay nothing on it."),
        )
        for row in checks(tables, int(facts["year"])).to_pylist()
        if row["result"] == "fail"
    ]
