"""Receipt numbers with their check character, and secret codes."""
