"""Batch operations: selecting → checking → starting → filling → running (acting, mailing) → following → deciding."""
