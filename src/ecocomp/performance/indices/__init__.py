"""Indices of the state of an environment and their grades: one module a family, each formula for plain numbers."""
