"""What becomes durable, and when."""
