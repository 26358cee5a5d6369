"""Attachments: files sent with a message, checked before anyone else sees them, kept encrypted."""
