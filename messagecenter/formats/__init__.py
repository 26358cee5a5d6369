"""How dates and times are written, where that differs from what Django writes for a language."""
