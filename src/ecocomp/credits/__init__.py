"""Carbon lots: issued once, held, sold; what was sold pays into an envelope."""
