"""Words that everything is written in: errors, identifiers, quantities, moments."""
