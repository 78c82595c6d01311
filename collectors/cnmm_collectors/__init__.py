"""The outside world, read only: vocabulary, reader and one sub-package for each source."""
