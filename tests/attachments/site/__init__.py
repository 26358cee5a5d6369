"""The product with a few pages for tests: one that tells what it received, and files that behave or do not."""
