"""Lists of words that mark a message."""
