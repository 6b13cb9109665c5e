"""Batch operations as pages: choosing and asking, then watching and deciding."""
