"""Sample: the invented county 青溪县 (Qingxi County, 990121), grown from a seed as a complete case folder.

`county` makes the folder; the other modules make one matter each: `frame` grid and outline, `noise` smooth
chance, `relief` mountains and rivers, `tessellation` polygons that share their borders, `survey` parcels,
`cover` land cover and its changes, `climate` rain, evaporation and wind, `soil`, `greenness` NDVI, `zones`,
`people` villages, holders and rights, `budgets` money, water quality and checks, `store` files of fixed bytes.
Nothing in it describes a real place or person.
"""
