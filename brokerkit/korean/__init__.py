"""What the texts of ours are in Korean (한국어): the tables in this folder, and how a text is read by them.

It is imported when the first text is told in Korean.
"""
