"""What stands on the page of an invoice, and the renderer that draws it. The door to it is invoicing/documents.py."""
