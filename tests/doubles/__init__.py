"""Hosts on loopback that tests and benchmarks read instead of the real ones."""
