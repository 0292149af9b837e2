"""Envelopes of money from every source, and how they are shared over what is owed."""
