"""Two real processes behind a balancer, a real PostgreSQL and Redis, killed, frozen and cut off at random (docs/faults.md)."""
