"""Tenure: who holds what right on which parcel, since when, and who is therefore paid. Plain tables, no geometry."""
