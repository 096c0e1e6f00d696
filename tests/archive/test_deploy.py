"""The script of `deploy/compose` that makes the archive's database, run on a real PostgreSQL server."""

import asyncio
import os
from pathlib import Path

import pytest

from archive.database import Database
from tests.postgresql import PASSWORD, PostgreSQL, program
from tests.support import EXAMPLES

SCRIPT = EXAMPLES.parent / "deploy" / "compose" / "archive.sh"


async def test_the_script_makes_a_role_that_can_open_the_archive_and_nothing_else(postgresql: PostgreSQL, tmp_path: Path) -> None:
    """Run twice, the second time with another password: the gateway connects with it, and not to Temporal's databases."""
    psql = program("psql")
    if psql is None:
        pytest.skip("psql is not installed")
    for name in ("temporal", "temporal_visibility"):
        postgresql.create(name)
    (tmp_path / "postgres_password").write_text(f"{PASSWORD}\n")
    words = {
        "/run/secrets": f"'{tmp_path}'",
        "--host=postgres": f"--host=127.0.0.1 --port={postgresql.port}",
    }
    text = SCRIPT.read_text()
    for written, here in words.items():
        assert written in text
        text = text.replace(written, here)
    path = os.pathsep.join([str(Path(psql).parent), os.environ["PATH"]])
    for password in ("first", "second'; DROP"):
        (tmp_path / "archive_password").write_text(f"{password}\n")
        process = await asyncio.create_subprocess_exec("/bin/sh", "-c", text, env={**os.environ, "PATH": path})
        assert 0 == await process.wait()
    url = f"postgresql+asyncpg://vigil@127.0.0.1:{postgresql.port}"
    archive = Database(f"{url}/vigil", "second'; DROP")
    await archive.migrate()
    await archive.close()
    for name in ("temporal", "temporal_visibility", "postgres"):
        other = Database(f"{url}/{name}", "second'; DROP")
        with pytest.raises(Exception, match="cannot be reached") as refused:
            await other.migrate()
        assert "permission denied" in str(refused.value.__cause__)
        await other.close()
