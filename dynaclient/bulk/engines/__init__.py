"""Bulk work on machines of others: batches of every kind (`tables`), the part of it that lives in a worker (`worker`), a bulk run on Ray or Dask (`remote`, `clusters`)."""
