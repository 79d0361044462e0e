"""Korean indices at Kiwoom."""
