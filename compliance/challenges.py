"""Proofs of work, and tickets for forms that are sent without a script."""
