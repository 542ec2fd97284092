"""What waits to be sent: claimed, sent, tried again, given up."""
