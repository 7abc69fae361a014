"""What runs below the keywords: loop thread, connections, journal."""
