"""Exact payment: a year's bundle taken in, noticed, batched, checked, approved, sent, answered, mended and explained.

The parts: `payments_take` (bundle to rows), `payments_batch` (notice, holds, batch, steps), `payments_bank` (file,
comparison, release), `payments_return` (what the bank answers), `payments_mend` (reissue, escrow, claw-back, successors,
decisions of two), `payments_queries` (lists, explanation, letter, check). Their functions can be called from here.
"""

from __future__ import annotations

from ecocomp.payments.bank_return import BankMapping, Result
from ecoweb.treasury.payments_bank import Written, compare_copy, next_of, release, write_file
from ecoweb.treasury.payments_base import Act
from ecoweb.treasury.payments_batch import Batch, Notice, approve_batch, cancel_batch, check_batch, give_notice, make_batch
from ecoweb.treasury.payments_mend import Mended, confirm, hold_rows, propose, reissue, release_escrow, settle_succession
from ecoweb.treasury.payments_return import Posted, archive, mark_unknown, post_return, read_mapping, read_return
from ecoweb.treasury.payments_take import Taken, take_in

__all__ = [
    "Act",
    "BankMapping",
    "Batch",
    "Mended",
    "Notice",
    "Posted",
    "Result",
    "Taken",
    "Written",
    "approve_batch",
    "archive",
    "cancel_batch",
    "check_batch",
    "compare_copy",
    "confirm",
    "give_notice",
    "hold_rows",
    "make_batch",
    "mark_unknown",
    "next_of",
    "post_return",
    "propose",
    "read_mapping",
    "read_return",
    "reissue",
    "release",
    "release_escrow",
    "settle_succession",
    "take_in",
    "write_file",
]
