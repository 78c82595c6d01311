"""Continuous integration of GitHub Actions and GitLab CI, read as what would really run."""
