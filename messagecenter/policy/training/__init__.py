"""The sentences the classifier learns from, written for it, and how it learns."""
