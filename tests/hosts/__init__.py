"""Two applications as Flask's own tutorial teaches to write them; they know nothing of compliance."""
