"""What a reform would change: rules laid over a year that was run, winners, losers, budget and equity."""
