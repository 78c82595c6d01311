"""Tables from anybody's export: dialects, recognition, casting and quarantine, without keeping a cell."""
