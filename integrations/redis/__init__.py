"""Redis, for several processes: hints, and limits that they share. Whatever becomes of it, nothing is lost or said twice."""
