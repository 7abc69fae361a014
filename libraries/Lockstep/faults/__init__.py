"""Faults done to the way between a client and the target, and to the target's process; every one of them is in the journal."""
