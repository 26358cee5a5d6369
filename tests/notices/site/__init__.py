"""A room on top of notices, for tests: kinds of notice that behave and that do not."""
