"""Inputs made up at random, for minutes on end, for all that reads what others write: `make fuzz`."""
