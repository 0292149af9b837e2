"""Grid: rasters on one frame, parcels on cells, water on slopes.

`georef` says where the cells lie, `coverage` how much of each cell every parcel covers,
`terrain` how steep the ground is and where its water goes. Import the modules themselves: this file stays
empty so that naming the package costs nothing.
"""
