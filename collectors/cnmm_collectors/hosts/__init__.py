"""What Git hosts have in common: what an answer means, facts, and their conversion to signals."""
