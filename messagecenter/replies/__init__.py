"""What a shop writes again and again: saved replies, signatures, and an automatic reply while nobody is there."""
