"""Compliance and privacy layer for Flask news sites."""
