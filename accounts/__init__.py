"""What concerns a resident personally: learners, their cards, and their ledgers of credits and points."""
