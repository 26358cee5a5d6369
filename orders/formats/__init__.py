"""One module for each kind of order file, from bytes to neutral orders; which one it is decides ``detect``."""
