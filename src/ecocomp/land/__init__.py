"""Land: survey editions of parcels and their areas on the ellipsoid, the ground everything is paid on.

`area`     area of polygons on the CGCS2000 ellipsoid by the rule of the land survey
`edition`  an immutable survey edition: checked, in one file, with a fingerprint
"""
