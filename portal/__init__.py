"""The customer's door: see and pay what one owes."""
