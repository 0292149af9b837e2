"""Horizontal agreements between regions: read, checked against article 17, settled from section readings."""
