"""The second port: accounts and tokens over HTTP, health, figures, and control."""
