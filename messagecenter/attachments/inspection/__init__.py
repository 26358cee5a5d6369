"""What a file is and whether it is harmless: pure functions that run in a limited child without settings or secrets."""
