"""Clauses an agreement may hold: one file is one kind of rule that turns readings into who pays whom."""
