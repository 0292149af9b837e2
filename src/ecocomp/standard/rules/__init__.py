"""Rules that build the four parts of a standard: one file is one rule; see `ecocomp.standard.land`."""
