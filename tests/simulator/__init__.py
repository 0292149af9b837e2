"""A seeded simulator of faults: histories of ledger and payment acts under crashes, repeats, clocks, full disks, other writers.

``python -m tests.simulator --seed 1 --histories 1000`` runs histories of the ledger and of payment runs on an office in
memory-backed storage and tells how many acts and faults there were; the first violation ends it and names the seed,
which replays the same history. `test_simulator` runs some on SQLite and on a real PostgreSQL.
"""
