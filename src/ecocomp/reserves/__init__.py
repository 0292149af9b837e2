"""Reserves (生态留白): ground set aside for nature to come back by itself; candidates, and the register of those decided."""
