"""The outside world: one file a channel, which parses its wire form into `Inbound`s and renders `Reply`s."""
