"""The standard: what is owed per hectare and year, parcel by parcel, with every step written down."""
