"""Encryption of contact data, keyed hashes, rotation of keys."""
