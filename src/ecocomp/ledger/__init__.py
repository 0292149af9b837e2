"""Double entry: postings that balance, rows that cannot be changed unseen, balances per account."""
