"""Writes the catalogues of the plugins: facts of a folder, put together with what people have looked at by hand."""
