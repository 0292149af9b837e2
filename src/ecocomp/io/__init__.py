"""Files in and out: whole or not at all, the same bytes for the same content, and never trusting a stranger's file.

`files`    hashes, atomic writes, whole folders, locks, deterministic Parquet and JSON
`worker`   foreign files, opened only in a short-lived child process without network
`raster`   the clean rasters a worker emits: declared encoding, strips, plausibility
"""
