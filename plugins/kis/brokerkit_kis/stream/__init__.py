"""The socket of KIS: frames in and out. The tables of its rows stand in the folders of the markets."""
