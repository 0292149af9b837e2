"""Run histories from a seed on; end at the first violation and say how to replay it."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.simulator import ledgers, payments

from ecoweb.office import create_office

WORLDS = {"ledger": ledgers.History, "payments": payments.History}


def one(world: str, template: Path, room: Path, seed: int, acts: int) -> Counter[str]:
    """Run one history on a copy of the template; return what happened."""
    place = room / f"office-{seed}"
    shutil.copytree(template, place)
    try:
        history = WORLDS[world](place, seed, acts)
        history.run()
        return history.machine.tally
    finally:
        shutil.rmtree(place, ignore_errors=True)


def main() -> int:
    """Run."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__)
    parser.add_argument("--world", choices=sorted(WORLDS), default="ledger")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--histories", type=int, default=100)
    parser.add_argument("--acts", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=1e9, help="start no further history after so long")
    asked = parser.parse_args()
    memory = Path("/dev/shm")
    tally: Counter[str] = Counter()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sim-", dir=memory if memory.is_dir() else None) as made:
        room = Path(made)
        create_office(room / "template", name="模拟县", region_code="990121").close()
        for n in range(asked.histories):
            if time.monotonic() - begun > asked.seconds:
                break
            seed = asked.seed + n
            try:
                tally += one(asked.world, room / "template", room, seed, asked.acts)
            except BaseException:
                print(f"replay: python -m tests.simulator --world {asked.world} --seed {seed} --histories 1 --acts {asked.acts}")
                raise
            tally["histories"] += 1
    print(f"{asked.world}: seeds {asked.seed}..{asked.seed + tally['histories'] - 1}, {dict(sorted(tally.items()))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
