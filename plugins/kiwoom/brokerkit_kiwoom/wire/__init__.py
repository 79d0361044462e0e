"""Every name of the Kiwoom REST API that the adapter uses, as tables.

Facts of this wire: every call is a POST, the header `api-id` picks the API, pages are told in the answer's headers;
all values are texts, padded with zeros in account APIs; the sign of a price is its direction against the base price,
the sign of a change is real, and `--5` is minus 5.
"""
