"""What came of it: indicators by function zone against policy bounds, and the scorecard that moves next year's standard."""
