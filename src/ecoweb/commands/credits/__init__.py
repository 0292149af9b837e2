"""`ecocomp credits`: eco-credits of an office — projects, issue, transfer, pledge, retirement, the market, proceeds, checks.

`auction FILE` and `book FILE` also work on a plain file of orders without an office; `instruments` on the rules alone.
Quantities are written in units of the instrument; JSON gives whole smallest units (10^-decimals) and fen.
"""

from __future__ import annotations

from ecoweb.commands.credits import acts, market, reading, registers
from ecoweb.commands.credits.group import credits

__all__ = ["acts", "credits", "market", "reading", "registers"]
