"""Korean stocks, funds and ELW at Kiwoom: the hooks, and the tables of their calls."""
