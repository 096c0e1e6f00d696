"""What outlives a delivery's run, in a real database, SQLite on one machine and PostgreSQL beyond.

Every ledger and how its delivery stands; the log of reads; who is signed in with a browser.
"""
