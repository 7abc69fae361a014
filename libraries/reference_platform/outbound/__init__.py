"""What agents say while nobody is there."""
