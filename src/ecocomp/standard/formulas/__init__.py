"""Formulas of compensation standards that are no rule of their own: one module a family, each formula for plain numbers."""
