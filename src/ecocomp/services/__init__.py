"""Ecosystem services per parcel and year, in physical units and with a range: one streamed pass over the rasters.

`engine.assess` runs the chosen models; each file of `models/` is one service; `factors` holds the formulas they share.
"""
