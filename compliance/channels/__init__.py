"""The ways to tell editors and senders: e-mail, robots, signed webhooks."""
