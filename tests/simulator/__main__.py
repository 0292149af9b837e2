"""Run histories from a seed on; end at the first violation and say how to replay it."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from tests.office.conftest import Offices, template
from tests.office.server import running
from tests.simulator import ledgers, payments

WORLDS = {"ledger": ledgers.History, "payments": payments.History}


def one(world: str, offices: Offices, seed: int, acts: int) -> Counter[str]:
    """Run one history on an office of its own; return what happened."""
    place, _ = offices.fresh()
    try:
        history = WORLDS[world](place, seed, acts)
        history.run()
        return history.machine.tally
    finally:
        offices.close()
        shutil.rmtree(place, ignore_errors=True)


def main() -> int:
    """Run."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__)
    parser.add_argument("--world", choices=sorted(WORLDS), default="ledger")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--histories", type=int, default=100)
    parser.add_argument("--acts", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=1e9, help="start no further history after so long")
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL server of our own, default SQLite")
    asked = parser.parse_args()
    memory = Path("/dev/shm")
    tally: Counter[str] = Counter()
    begun = time.monotonic()
    with ExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sim-", dir=memory if memory.is_dir() else None)))
        server = stack.enter_context(running()) if asked.postgres else None
        offices = Offices("postgresql" if server else "sqlite", room, template(room / "template", server), server)
        for n in range(asked.histories):
            if time.monotonic() - begun > asked.seconds:
                break
            seed = asked.seed + n
            try:
                tally += one(asked.world, offices, seed, asked.acts)
            except BaseException:
                base = " --postgres" if asked.postgres else ""
                print(
                    f"replay: python -m tests.simulator --world {asked.world} --seed {seed} --histories 1 --acts {asked.acts}{base}"
                )
                raise
            tally["histories"] += 1
    seeds = f"seeds {asked.seed}..{asked.seed + tally['histories'] - 1}"
    print(f"{asked.world} on {offices.vendor}: {seeds}, {dict(sorted(tally.items()))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
