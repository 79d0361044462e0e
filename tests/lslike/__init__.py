"""A broker of the shape of LS: JSON numbers, a form for the token, codes of success by call, three kinds of cursors.

Names of fields and ids of calls are LS's; limits are none, so that tests need not wait. It shows how much is written by
hand beside the tables: `adapter.py`, `client.py` and `stocks.py` are that, `tables.py` and `login.py` are not counted.
"""
