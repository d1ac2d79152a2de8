"""What we know: reviewed entries and the catalogue of courses, classes, places; reading, searching, importing it."""
