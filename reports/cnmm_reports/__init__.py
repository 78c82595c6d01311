"""Pure reports: a view in, bytes out, one module or sub-package for each format."""
