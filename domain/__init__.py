"""What a controlled delivery is: the rules, the records and their proof. Pure: no I/O, no clock, no Temporal."""
