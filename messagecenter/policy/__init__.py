"""What may be written: finding what is forbidden in a text, deciding what to do about it, and every version of that."""
