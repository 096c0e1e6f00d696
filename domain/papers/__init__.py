"""What is printed of a delivery: papers made of plan and ledger, each value with where it comes from."""
