"""GitHub on loopback."""
