"""The published gross ecosystem product of Ganzi (2010), recomputed: `python examples/ganzi_2010/account.py`.

Reads the quantities as printed (`lines.csv`), prices them by the rules that the price table `prices.csv` stands for, and
prints the account with what the paper prints beside it.
"""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from ecocomp.rules import Parameters, RuleBook, policy_folder
from ecocomp.terms.money import say_yuan
from ecocomp.terms.tables import SERVICE
from ecocomp.valuation.gep import gep_account, gep_total, left_out, notes, service_name
from ecocomp.valuation.value import value_services

HERE = Path(__file__).resolve().parent
YEAR, PLACE = 2010, "513300"


def parameters() -> Parameters:
    """Return the rules of the study: those that ship, with the folder `rules` laid over them."""
    return RuleBook.load([policy_folder(), HERE / "rules"]).resolve(PLACE, date(YEAR, 12, 31), date(2030, 1, 1))


def lines(group: str = "") -> list[dict[str, str]]:
    """Return the printed lines, of one group if named."""
    with (HERE / "lines.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if group in ("", row["group"])]


def services() -> pa.Table:
    """Return the regulating services as a `service` table of one parcel; soil is one quantity with three prices."""
    seen: dict[str, dict[str, object]] = {}
    for line in lines("regulating"):
        name = line["service"]
        name = "soil_retention" if name.startswith("soil_retention") else name
        quantity = float(Decimal(line["quantity"]) * Decimal(line["scale"]))
        row = {"parcel_id": "ganzi", "year": YEAR, "service": name, "quantity": quantity, "unit": line["unit"]}
        seen[name] = {**row, "low": None, "high": None, "method": "printed@1", "coverage": 1.0}
    return SERVICE.table(list(seen.values()))


def account() -> pa.Table:
    """Return the account of regulating services."""
    params = parameters()
    return gep_account(services(), value_services(services(), params, YEAR), params, YEAR)


def main() -> None:
    """Print the account."""
    params, found = parameters(), account()
    for row in found.to_pylist():
        print(f"{service_name(row['service']).en:42s} {row['quantity']:18,.0f} {row['unit']:6s} × {row['unit_price']:>11s} = "
              f"{say_yuan(row['value_fen']):>22s} CNY  {row['method']}@{row['method_version']}")  # fmt: skip
    print(f"{'total':42s} {say_yuan(gep_total(found).value_fen):>63s} CNY of {gep_total(found).price_year}; printed 6842.28e8")
    for note in notes(found, params):
        print(note.say("en"))
    for text in left_out(params):
        print("left out:", text.en)


if __name__ == "__main__":
    main()
