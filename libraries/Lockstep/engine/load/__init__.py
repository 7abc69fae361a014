"""The load lane: many connections, one short loop, every reply checked."""
