"""US stocks and funds at Kiwoom."""
