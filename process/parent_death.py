"""Become another program that is killed when its parent dies: `python parent_death.py PARENT COMMAND...`, PARENT a process id.

Only so does nothing go on alone after a `kill -9` of `vigil`, the Temporal server among it, which watches no pipe of ours. The
kernel sends the signal (prctl(2), PR_SET_PDEATHSIG), and it outlives `exec`. A program of its own, because Python code between
`fork` and `exec` may deadlock where there are threads. Being killed harms nothing: it is a power cut, which the system is built
for. Elsewhere than on Linux this does nothing.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """Be killed when this parent dies, and end at once if it has: nobody is there any more who could be told."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


if __name__ == "__main__":
    one, *command = sys.argv[1:]
    die_with(int(one))
    os.execv(command[0], command)  # noqa: S606 - the command is the caller's own
