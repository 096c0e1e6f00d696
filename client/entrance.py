"""Where the `vigil` command begins: whoever presses Ctrl-C while its modules are loaded ends it without a word."""

import gc
import signal


def main() -> None:
    """Load the command, and run it."""
    heeded = signal.getsignal(signal.SIGINT)
    if heeded is not signal.SIG_IGN:  # a shell that starts it in the background
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.disable()  # what is loaded stays
    from client.cli import main as command  # noqa: PLC0415 - it takes a second

    signal.signal(signal.SIGINT, heeded)
    command()


if __name__ == "__main__":
    main()
