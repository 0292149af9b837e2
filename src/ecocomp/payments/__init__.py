"""What each holder is entitled to, the orders that pay it, and the postings that book it."""
