"""Kinds, categories and states of a case, and the table of allowed moves."""
