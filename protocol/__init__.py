"""HTTP as docs/protocol.md has it: calls that carry a proof of their own, the client of the gateway, a place to be called at."""
