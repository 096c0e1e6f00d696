"""The examination of a service's own system: what it is made with, what it looks at, and what came of it."""
