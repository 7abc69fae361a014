"""Seeded defects: each breaks one promise by replacing one port. One module per group of the catalogue."""
