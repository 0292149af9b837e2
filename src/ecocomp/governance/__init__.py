"""Supervision: bundles, proofs, public notices, objections, and the scan of every public byte."""
