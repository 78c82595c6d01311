"""GitLab on loopback: an invented group, in any tier and read in any role."""
