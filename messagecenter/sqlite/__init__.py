"""Django's own database backend for SQLite, with one queue for all who want to write."""
