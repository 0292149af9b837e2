"""Make the case folder of a real place: `python examples/real_places/prepare.py PLACE SHARED_DATA OUT [--assume]`.

For anyone who has the source data (see the README). PLACE is plum_island, zion, slovenia or gura. Only what the data hold
is used; with `--assume` a place also gets the constants its module states under ASSUMED, each as a layer named so.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

PLACES = ("plum_island", "zion", "slovenia", "gura")


def main(words: list[str]) -> int:
    """Run the module of the place."""
    assume = "--assume" in words
    plain = [w for w in words if w != "--assume"]
    if len(plain) != 3 or plain[0] not in PLACES:
        sys.exit(f"usage: prepare.py {'|'.join(PLACES)} SHARED_DATA OUT [--assume]")
    module = importlib.import_module(plain[0])
    if assume and not getattr(module, "ASSUMED", None):
        sys.exit(f"{plain[0]} has no constants to assume")
    module.prepare(Path(plain[1]), Path(plain[2]), assume=assume)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
