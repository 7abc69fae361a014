"""One TCP connection from its handshake to its end."""
