"""Text in, understanding out. Pure: no clock, no database, no network; imports nothing else of ours."""
