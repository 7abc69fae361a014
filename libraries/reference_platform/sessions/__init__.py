"""Sessions: what survives a connection, and for how long."""
