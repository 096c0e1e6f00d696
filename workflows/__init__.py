"""The durable story of a delivery, and the workflow that performs it on Temporal."""
