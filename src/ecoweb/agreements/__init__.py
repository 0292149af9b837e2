"""Horizontal agreements an office has signed, their versions, states and settlements."""
