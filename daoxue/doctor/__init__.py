"""`daoxue doctor`: the running house examined, a finding a line. Settings and content are `daoxue check`'s."""
