"""Measured ratios, run by `make bench`; never asserted in the suite."""
