"""Many blogs, each with its archive, in one PostgreSQL: a list of them, and jobs that any number of workers take."""
