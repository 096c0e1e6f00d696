"""What a process has given up goes back to the machine."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

THREADS = 12
"""That work at the same time."""
FILLS = f"""
import ctypes, re, sys, threading
from pathlib import Path
from process import memory

if sys.argv[1] == "settled":
    memory.settle()
together = threading.Barrier({THREADS})

def work() -> None:
    pieces = [bytes(3000) for _ in range(100)]
    together.wait()

threads = [threading.Thread(target=work) for _ in range({THREADS})]
for one in threads:
    one.start()
for one in threads:
    one.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
libc.fclose.argtypes = [ctypes.c_void_p]
file = libc.fopen(sys.argv[2].encode(), b"w")
libc.malloc_info(0, file)
libc.fclose(file)
print(len(re.findall("<heap nr=", Path(sys.argv[2]).read_text())))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has no such setting")
@pytest.mark.parametrize(("how", "most"), [("settled", 2), ("as it is", None)])
def test_threads_share_two_heaps_however_many_there_are(tmp_path: Path, how: str, most: int | None) -> None:
    """On its own the C library has one for each, up to eight for each core, and each keeps what was free in it."""
    ran = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", FILLS, how, str(tmp_path / "heaps")],
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
    )

    assert (int(ran.stdout) <= most) if most is not None else (int(ran.stdout) > 2)
