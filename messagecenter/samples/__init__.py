"""Fills a database with sample shops, buyers and conversations as the product itself would have written them."""
