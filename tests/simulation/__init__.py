"""The core, the store, the queue and the desk on a clock, a network and a scheduler of our own: whatever goes wrong comes
from a seed, and goes wrong again the same way (docs/faults.md)."""
