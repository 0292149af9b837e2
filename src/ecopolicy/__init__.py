"""Dated rules, data only: science, nations, provinces, counties and an invented sample county."""
