"""The books of nature and of money: extent, services and funds of a year, and the checks that make them believable."""
