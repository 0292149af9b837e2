"""Zoning: function zones, importance, sensitivity and the ecological red line, down to the zones of every parcel."""
