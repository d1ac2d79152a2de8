"""Two real processes behind a balancer on a real PostgreSQL, killed, frozen and cut off at random (docs/faults.md)."""
