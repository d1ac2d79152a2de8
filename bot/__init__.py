"""The dialogue core: what was said, what is decided, what leaves. It knows no channel and no handler by name."""
