"""The command that hands the archive over in other formats: export."""

COMMANDS = ()
