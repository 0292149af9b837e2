"""How an envelope that is too small is shared: one file is one stated rule, each with its proof in `funds.allocate`."""
