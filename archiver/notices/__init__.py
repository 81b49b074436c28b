"""Notifications about runs: by a command, e-mail, ntfy or one of Apprise's services."""

from archiver.notices.delivery import LONGEST, Ways, deliver
from archiver.notices.notice import Notice, about_error, about_run, wanted

__all__ = ["LONGEST", "Notice", "Ways", "about_error", "about_run", "deliver", "wanted"]
