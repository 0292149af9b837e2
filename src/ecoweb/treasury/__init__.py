"""The money of an office: envelopes, ledger, payment batches, bank files and returns."""
