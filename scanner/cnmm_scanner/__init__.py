"""The composition root: command line, settings, run, journal, bundle and history."""
