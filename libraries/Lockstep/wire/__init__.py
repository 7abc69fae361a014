"""Frames by hand over a plain socket: what RFC 6455 forbids can be sent, and everything that comes back is seen."""
