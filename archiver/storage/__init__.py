"""The WARC files of an archive in object storage: what is there, what has to go there, what never arrived.

Between the files (`archiver.warc`) and the rows that say where they are (`archiver.store`).
"""
