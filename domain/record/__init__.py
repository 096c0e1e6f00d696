"""The door in, and what leaves: receipts, packets, their verification, the log of reads."""
