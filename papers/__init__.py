"""Papers as files: HTML that prints by itself, and PDF. What they hold is made in `domain.papers`."""
