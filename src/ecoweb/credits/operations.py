"""What can be done with eco-credits: accounts and projects, issue, transfer by two persons, liens, coming to rest, the buffer.

Each act is one function in the module of its kind and one transaction (`desk.run`); all faults are found before anything
is written. Reading: `queries`; orders, calls and deposits: `market`.
"""

from __future__ import annotations

from ecoweb.credits.accounts import open_account, set_duty, trust
from ecoweb.credits.issuing import import_units, issue
from ecoweb.credits.liens import freeze, pledge, release
from ecoweb.credits.projects import end_claim, register_project
from ecoweb.credits.retiring import cancel, export, retire
from ecoweb.credits.reversals import reverse, unbuffer
from ecoweb.credits.transfers import approve_transfer, request_transfer, withdraw_transfer

__all__ = [
    "approve_transfer",
    "cancel",
    "end_claim",
    "export",
    "freeze",
    "import_units",
    "issue",
    "open_account",
    "pledge",
    "register_project",
    "release",
    "request_transfer",
    "retire",
    "reverse",
    "set_duty",
    "trust",
    "unbuffer",
    "withdraw_transfer",
]
