"""A keyring that keeps everything in a file, plain, instead of in an operating system. For tests alone: it protects nothing."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend


class InAFile(KeyringBackend):
    """The file is named by `VIGIL_TEST_KEYRING`."""

    priority = 1  # type: ignore[assignment] - as every backend states it

    @property
    def _file(self) -> Path:
        return Path(os.environ["VIGIL_TEST_KEYRING"])

    def _kept(self) -> dict[str, str]:
        return dict(json.loads(self._file.read_text())) if self._file.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        """What is kept under these names."""
        return self._kept().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""
        self._file.write_text(json.dumps(self._kept() | {f"{service} {username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        """Forget it."""
        self._file.write_text(json.dumps({name: kept for name, kept in self._kept().items() if name != f"{service} {username}"}))
