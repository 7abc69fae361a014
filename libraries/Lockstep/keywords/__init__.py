"""What a .robot file sees, one class per topic."""
