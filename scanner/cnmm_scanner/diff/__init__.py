"""What changed between two assessments and why: reality, rules or visibility."""
