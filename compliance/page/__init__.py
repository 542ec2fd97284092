"""Bytes of a page in, bytes of a page out: what a page loads, where its body begins and ends, what is held on it.

Nothing in here knows settings, requests or applications.
"""
