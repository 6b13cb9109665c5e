"""The demo: Kelpworks Instruments B.V., who make probes for clean water, and the people who owe them."""
