"""Joins: pure functions from facts of many repositories to signals about groups and components."""
