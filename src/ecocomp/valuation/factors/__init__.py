"""Formulas of valuation that are no pricing method of their own: one module a family, each formula for plain numbers."""
