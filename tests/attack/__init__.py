"""Attacks on the service as it is run: `daoxue serve` in a folder of its own, spoken to over the network alone.

Each row says what must not happen. `make attack` runs them, with what else of the tests attacks something.
"""
