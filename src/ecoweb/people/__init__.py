"""Whose: parties (persons, households, collectives, units of state, companies, groups) and their members."""
