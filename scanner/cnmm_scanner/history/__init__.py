"""The history of an organisation's scans, in an SQLite file or a PostgreSQL database."""
