"""Answers: each turns what was read of a cluster into findings for the signals it is named for."""
