"""Finds what the policy knows about in a text. Pure functions: no Django, no database, no network."""
