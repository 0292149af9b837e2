"""Credits of an office: projects, serial blocks, trades and retirements."""
