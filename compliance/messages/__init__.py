"""A message or report accepted, followed, handled, counted and let go."""
