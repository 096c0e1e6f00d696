"""What touches the outside during a delivery: asking services, and notices."""
