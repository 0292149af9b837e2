"""Contracts, inspections, notices and objections of an office: who is enrolled in what, and what was accepted."""
