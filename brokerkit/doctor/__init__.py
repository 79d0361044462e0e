"""What is wrong with a setup, and what to do about it: configuration, folders, token, journal and what is shared.

Every check is a function that looks at one subject and yields findings. None of them writes, takes a lock, sends an
order or shows a secret, and none asks a broker unless that is wanted.
"""
