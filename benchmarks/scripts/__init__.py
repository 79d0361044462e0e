"""Small programs that the benchmark starts: the first quote of a process, by hand and with brokerkit."""
