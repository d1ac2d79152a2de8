"""The outside world, played: faithful local stand-ins for platforms that we are connected to."""
