"""Pages for an officer with a browser: a second face of `gateway.desk`, beside the API. See docs/desk.md."""
