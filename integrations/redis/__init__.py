"""Redis, for several processes: hints alone. Whatever becomes of it, nothing is lost or said twice."""
