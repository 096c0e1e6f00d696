"""Words that everything is written in: errors, text, sizes, identifiers, quantities, moments."""
