"""Sources of funds: one file is one purse, with its legal basis and what may be done with its money."""
