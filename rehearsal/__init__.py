"""The same deliveries with simulated services: in virtual time (`simulator`) or over real HTTP (`over_http`)."""
