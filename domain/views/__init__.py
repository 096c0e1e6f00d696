"""What each reader may see, and in which words."""
