"""When somebody is there: weekly opening hours, holidays, and time that runs only while open. Pure, no tables."""
