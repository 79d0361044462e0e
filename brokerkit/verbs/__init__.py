"""The verbs of a broker, one module a subject. `Broker` has them all, and itself those of orders."""
