"""The customer's door: see what one owes."""
