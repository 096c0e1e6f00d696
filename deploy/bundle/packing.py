"""The same files make the same archive, to the byte, whoever packs them, where and when."""

import hashlib
import tarfile
from pathlib import Path

SUMS = "SHA256SUMS"


def digest(path: Path) -> str:
    """SHA-256, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_in(folder: Path) -> list[Path]:
    """Every file below it, by its name. Raises `ValueError` for what is neither file nor folder: a bundle has no links."""
    found = []
    for path in sorted(folder.rglob("*"), key=lambda one: one.relative_to(folder).as_posix()):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise ValueError(f"neither a file nor a folder: {path}")
        if path.is_file():
            found.append(path)
    return found


def sum_up(folder: Path) -> None:
    """Write the digests of all files, as `sha256sum --check` reads them."""
    sums = folder / SUMS
    sums.unlink(missing_ok=True)
    lines = [f"{digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in files_in(folder)]
    sums.write_text("".join(lines), encoding="utf-8")


def pack(folder: Path, into: Path, moment: int) -> None:
    """One archive of all files, in their order, all of one moment (seconds since 1970), of nobody. It is not compressed: wheels
    are, and what a compressor makes depends on its version.
    """
    with tarfile.open(into, "w", format=tarfile.PAX_FORMAT) as archive:
        for path in files_in(folder):
            entry = tarfile.TarInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}")
            entry.size, entry.mtime = path.stat().st_size, moment
            entry.mode = 0o755 if path.suffix == ".sh" else 0o644
            with path.open("rb") as file:
                archive.addfile(entry, file)
