"""The WARC files of an archive in object storage: which are there, which have to go there, which never arrived.

Between the files (`archiver.warc`) and the rows that say where they are (`archiver.store`).
"""
