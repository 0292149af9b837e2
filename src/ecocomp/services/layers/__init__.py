"""Layers made from other layers before the pass: one module a family.

A module says which layers it `GIVES` and which it `NEEDS`, and `make(making)` returns their readers. What can only be told
from the whole ground at once (where water runs, how far a threat is) is made here and kept on disk, so that the pass itself
stays flat in memory.
"""
