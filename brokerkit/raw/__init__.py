"""Raw calls: any API of a broker by its own name and fields, checked by its catalogue."""
