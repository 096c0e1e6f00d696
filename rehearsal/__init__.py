"""The same story on a stage of simulated services: in virtual time (`simulator`) or over real HTTP (`over_http`)."""
