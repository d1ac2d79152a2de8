"""Spans of time in ms, as all times are kept."""

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
