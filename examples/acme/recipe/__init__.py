"""The sample organisation acme as data: who works there, and what they committed to which repository."""
