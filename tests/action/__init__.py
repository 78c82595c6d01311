"""The action, run step by step under a stand-in for the runner."""
