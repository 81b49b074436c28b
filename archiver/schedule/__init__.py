"""Runs the crawl again and again: by systemd, by cron, or in a loop of its own for containers.

The archive has one lock and one clock of its own runs, so a schedule only starts `archiver crawl`; it keeps no state,
never runs twice at a time and may be changed or lost without harm.
"""

from archiver.schedule.cron import cron_block, cron_line, install_cron, uninstall_cron
from archiver.schedule.durations import format_duration, parse_duration, parse_time
from archiver.schedule.loop import crawl_process, stop_on_signals, up_to, watch
from archiver.schedule.plan import Schedule
from archiver.schedule.systemd import (
    READER,
    TIMER,
    enable_systemd,
    install_reader,
    install_systemd,
    reader_unit,
    systemd_units,
    uninstall_reader,
    uninstall_systemd,
)

__all__ = [
    "READER",
    "TIMER",
    "Schedule",
    "crawl_process",
    "cron_block",
    "cron_line",
    "enable_systemd",
    "format_duration",
    "install_cron",
    "install_reader",
    "install_systemd",
    "parse_duration",
    "parse_time",
    "reader_unit",
    "stop_on_signals",
    "systemd_units",
    "uninstall_cron",
    "uninstall_reader",
    "uninstall_systemd",
    "up_to",
    "watch",
]
