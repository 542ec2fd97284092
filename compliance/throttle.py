"""How often one source may do what."""
