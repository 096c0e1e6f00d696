"""Pages for an officer with a browser: a second face of `gateway.reception`, beside the API. See docs/desk.md."""
