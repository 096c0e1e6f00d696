"""What Vigil costs and carries, measured with real processes on this machine."""

import os

# A benchmark begins in an hour what services else begin in months: the gateways that it starts let it.
os.environ.setdefault("VIGIL_STARTS_A_DAY", "1000000")
