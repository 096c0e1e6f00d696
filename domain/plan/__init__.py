"""What is agreed before anything moves: plan, directory, rule cards, and what they must be."""
