"""The reader without a server: its pages as files that lead to each other, for a folder, a web host or a ZIM file.

The pages are those of the reader itself, requested one by one; formulas are set when they are written.
"""
