"""Indices of importance and sensitivity that zones are drawn from: one module a family, each formula for plain numbers."""
