"""Who is paid first when money is short: budget-constrained selection with a proven bound, and reverse auctions."""
