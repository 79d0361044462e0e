"""Korean stocks, funds and ELW at KIS: the hooks, and the tables of their calls."""
