"""The rules: what counts, what is permitted, what is called for."""
