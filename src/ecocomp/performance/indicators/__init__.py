"""Indicators: one file measures one thing of an area; see `ecocomp.performance.area`."""
