"""Orders are checked, and sent once."""
