"""HTML as browsers read it: its syntax, its tags, what is foreign in it, from token to token."""
