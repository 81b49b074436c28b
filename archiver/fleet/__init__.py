"""Many blogs, an archive each, in one PostgreSQL: a list of them, and jobs that any number of workers take."""
