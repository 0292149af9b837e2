"""What services are worth: physical quantities times dated prices, in whole fen, with the price year kept."""
