"""How well the product understands and talks, on sentences that nobody who trains it has written or read."""
