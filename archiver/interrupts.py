"""The signals by which a person or the system asks a program to end."""

from __future__ import annotations

import signal

SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""The first is the one that stops a service or a container, the second that of Ctrl-C."""
