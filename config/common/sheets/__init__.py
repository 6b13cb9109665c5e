"""Spreadsheets people bring in: read (reading, xlsx), understood (values, kinds), looked at and made (importing)."""
