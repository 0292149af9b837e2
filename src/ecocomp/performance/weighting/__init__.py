"""Weighting, ranking and coupling of indicators: one module a family, each formula for plain numbers."""
