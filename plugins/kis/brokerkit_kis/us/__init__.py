"""US stocks and funds at KIS (미국 주식)."""
