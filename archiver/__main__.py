"""The program: `archiver`, and `python -m archiver`.

All else is imported after the handler of interrupts is set: before that, one is a traceback.
"""

from __future__ import annotations

import os
import signal


def main() -> None:
    """Run the command; an interrupt before it begins, or after it ended, makes the exit code 130 without a word."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not ignored, as after `nohup` or `&`
        signal.signal(signal.SIGINT, _leave)
    from archiver.cli import main as command

    command()


def _leave(*_signal: object) -> None:
    # Raised among imports, KeyboardInterrupt may be swallowed. Nothing is open yet, or nothing any more.
    os._exit(130)  # ExitCode.INTERRUPTED, whose module may be half imported


if __name__ == "__main__":
    main()
