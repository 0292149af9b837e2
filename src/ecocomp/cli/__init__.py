"""The `ecocomp` command. Exit status: 0 fine, 1 faults in the input, 2 wrong use."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from ecocomp.cli.app import run

    run()
