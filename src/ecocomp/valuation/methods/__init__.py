"""Pricing methods: one file is one method, linear in the quantity; see `ecocomp.valuation.price`."""
