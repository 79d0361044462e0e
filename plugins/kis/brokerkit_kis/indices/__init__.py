"""Korean indices at KIS."""
