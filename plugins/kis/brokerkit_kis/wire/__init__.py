"""Every name of the KIS Open API that the adapter uses, as tables.

Facts of this wire: all values are texts, numbers in plain grammar with their own minus sign; texts are padded with
blanks; an array may come as an object and the other way round; block names vary in letter case.
"""
