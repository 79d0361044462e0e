"""What processes share: what a key may still call, and what else more than one of them has to agree on."""
