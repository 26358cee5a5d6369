"""What the reply clock adds up to: a shop's answers in time, late and missing, over its last days."""
