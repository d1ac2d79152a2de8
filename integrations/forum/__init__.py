"""A forum (Discourse) as a channel: posts in chosen categories are answered in their topics."""
