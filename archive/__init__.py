"""What outlives a delivery's run: the log of reads. A real database, SQLite on one machine and PostgreSQL beyond."""
