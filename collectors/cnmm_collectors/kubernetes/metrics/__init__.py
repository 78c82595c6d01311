"""CPU use and requests as a monitoring system kept them: what no API server remembers."""
