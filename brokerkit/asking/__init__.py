"""What is asked of an adapter, and the common models that its answers become, one module a subject."""
