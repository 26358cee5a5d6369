"""Moderation: statements of reasons and appeals, reports, and the desk where people decide on them."""
