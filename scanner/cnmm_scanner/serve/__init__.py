"""Reports and history as a small web application that can only be read."""
