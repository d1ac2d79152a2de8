"""A Telegram bot as a channel (docs/telegram.md)."""
