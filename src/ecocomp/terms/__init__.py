"""The words everything else is said in: bilingual text, faults, money, areas, codes, tables.

Nothing here reads a file that is not its own, knows a raster, or imports another package of ecocomp.
"""
