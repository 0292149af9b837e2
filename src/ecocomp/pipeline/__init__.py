"""The compensation year, run stage by stage from a case folder to a sealed bundle."""
