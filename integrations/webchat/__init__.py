"""The web chat: our own page, over a socket or over plain HTTP."""
