"""The archive in other formats: one module per format.

Each writes to a place of its own and puts the result under its name when all of it is there. The same archive gives the
same bytes: nothing of the clock or the machine goes in, and everything is in a fixed order.
"""
