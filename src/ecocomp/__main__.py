"""`python -m ecocomp` is the `ecocomp` command."""

from ecocomp.cli import main

main()
