"""The archive in other formats: one module per format.

Each writes to a temporary place and gives the result its name when it is complete. The same archive gives the
same bytes: nothing depends on the clock or the machine, and everything is in a fixed order.
"""
