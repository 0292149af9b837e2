"""What every register stands on: changes with actor and reason, versions on two clocks, the audit log, sealed fields."""
