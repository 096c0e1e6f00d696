"""One delivery as it happens: what is said, the ledger, and the state that it adds up to."""
