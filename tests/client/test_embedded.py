"""What `vigil up` and `vigil rehearse` give the processes that they start."""

import sys
from pathlib import Path

from client.embedded import Embedded, Layout, held


async def test_no_process_tells_temporals_makers_that_it_runs_here(tmp_path: Path) -> None:
    """Its server asks a host of theirs for a newer version, unless its environment says not to."""
    said = "import os; print(os.environ['TEMPORAL_VERSION_CHECK_DISABLED'])"
    with held(tmp_path) as home:
        none = tmp_path / "none"
        embedded = Embedded(Layout(home, none, none, none, none, none, 1, 2))
        await embedded.start("temporal", sys.executable, "-c", said)
        await embedded.processes["temporal"].wait()

        assert "1\n" == embedded.log_of("temporal").read_text()
