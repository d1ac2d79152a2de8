"""The seats' side: what is open when, what waits, who holds what."""
