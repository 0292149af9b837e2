"""Which land, and what lies on it: rights, duties, restrictions, mortgages, documents, disputes, regions, editions."""
