"""The steps that bring a history of any earlier version to the present tables."""
