"""Working days and hours of the Chinese calendar."""
