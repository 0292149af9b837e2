"""Worked cases: computed by hand from a document, kept as data, run against the rules that ship."""
