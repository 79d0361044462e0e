"""What a broker's API is, call by call, as data: names, ids, fields, codes and what a call does.

The data is a file of the plugin, which `python -m facts` writes. It is read when it is asked for, one API at a time.
"""

from __future__ import annotations

from brokerkit.catalogue.apis import Api, Field, Group, OrderRow, Told
from brokerkit.catalogue.catalogue import Catalogue

__all__ = ["Api", "Catalogue", "Field", "Group", "OrderRow", "Told"]
