"""The commands, a file for each of what people do: an option is named here, and what it means is done elsewhere."""
