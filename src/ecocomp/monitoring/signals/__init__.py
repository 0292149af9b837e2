"""Signals: one file, one signal; each opens with its specification."""
