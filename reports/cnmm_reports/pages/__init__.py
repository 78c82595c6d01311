"""What every page shares: the style, the charts, tables and trends."""
