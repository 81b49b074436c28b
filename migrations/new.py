"""Write new.sql beside this file, once a migration was added: the tables of a new archive.

    python migrations/new.py

The constraints of tables that migrations rebuilt come in any order.
"""

from __future__ import annotations

from pathlib import Path

from archiver.store import migrate

if __name__ == "__main__":
    Path(__file__).with_name(migrate.NEW).write_text(migrate.script(), encoding="utf-8")
