"""One file, one ecosystem service: its specification, its formula as in the paper, and its pass over a strip."""
