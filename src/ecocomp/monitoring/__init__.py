"""Monitoring: what satellites and inspectors saw of a parcel in a year, as signals, a light and its evidence.

`signals/` holds one file per signal, `trend` the rank statistics of yearly series, `observe` the yearly judgement.
"""
