"""How what is said is written down, signed and sealed."""
