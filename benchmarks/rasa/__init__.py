"""Rasa and the embedded engine side by side: docs/rasa.md."""
