"""Merkle tree and checkpoint of the audit log, in the published formats RFC 6962 (section 2.1) and C2SP tlog-checkpoint.

For auditors and witnesses: whoever kept an older size and root can prove that nothing before it was changed.
Leaf = SHA-256(00 ‖ entry), node = SHA-256(01 ‖ left ‖ right), empty tree = SHA-256 of nothing. Hashes are bytes.

Signing a checkpoint as a note needs Ed25519, which the standard library does not have; only the body that is
to be signed is made here, and the office signs it in a process of its own.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from hashlib import sha256

from ecocomp.terms.faults import Fault, FaultsError
from ecocomp.terms.text import Text

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of one entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes, in their order.

    >>> merkle_root([]).hex()[:8]
    'e3b0c442'
    """
    if not leaves:
        return EMPTY_ROOT
    level = list(leaves)
    while len(level) > 1:
        paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(level) & ~1 :]
    return level[0]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the hashes that prove leaf `index` is in the tree over `leaves` (lowest first).

    raises  IndexError when there is no such leaf
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"leaf {index} of {len(leaves)}")
    if len(leaves) == 1:
        return []
    k = _split(len(leaves))
    if index < k:
        return [*inclusion_proof(leaves[:k], index), merkle_root(leaves[k:])]
    return [*inclusion_proof(leaves[k:], index - k), merkle_root(leaves[:k])]


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether `proof` shows that `leaf` is entry `index` of the tree of `size` entries with `root`."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(step, found)
            while at & 1 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Return the hashes that prove the first `old_size` leaves stand unchanged in the tree over `leaves`.

    raises  IndexError when `old_size` is more than there are
    """
    if not 0 <= old_size <= len(leaves):
        raise IndexError(f"size {old_size} of {len(leaves)}")
    return [] if old_size in (0, len(leaves)) else _consistency(leaves, old_size, True)


def _consistency(leaves: Sequence[bytes], m: int, whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [merkle_root(leaves)]
    k = _split(len(leaves))
    if m <= k:
        return [*_consistency(leaves[:k], m, whole), merkle_root(leaves[k:])]
    return [*_consistency(leaves[k:], m - k, False), merkle_root(leaves[:k])]


def check_consistency(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether `proof` shows that the tree (`size`, `root`) begins with the tree (`old_size`, `old_root`)."""
    if not 0 <= old_size <= size:
        return False
    if old_size in (0, size):
        return not proof and (old_size == 0 or old_root == root) and (old_size != 0 or old_root == EMPTY_ROOT)
    path = list(proof)
    at, last = old_size - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    if at == 0:
        path = [old_root, *path]
    if not path:
        return False
    old = new = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while at & 1 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, step)
        at, last = at >> 1, last >> 1
    return last == 0 and old == old_root and new == root


def _split(n: int) -> int:
    """Return the largest power of two smaller than `n`."""
    return 1 << ((n - 1).bit_length() - 1)


def checkpoint_body(origin: str, size: int, root: bytes) -> str:
    """Return the text of a checkpoint that is to be signed: origin, size, base64 root, each on a line."""
    if not origin or any(c in origin for c in "\n\r"):
        raise ValueError("the origin is one line")
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def read_checkpoint(text: str) -> tuple[str, int, bytes]:
    """Return (origin, size, root) of a checkpoint body, signed or not; signatures are not verified here.

    raises  FaultsError when the text is no checkpoint
    """
    lines = text.split("\n\n")[0].split("\n")
    try:
        origin, size, root = lines[0], lines[1], base64.b64decode(lines[2], validate=True)
        if not origin or str(int(size)) != size or int(size) < 0 or len(root) != 32:
            raise ValueError
    except (IndexError, ValueError, binascii.Error):
        raise FaultsError(
            [
                Fault(
                    "governance.checkpoint",
                    "checkpoint",
                    "",
                    Text("这不是校验点：{t}", "This is no checkpoint: {t}").fill(t=text[:80]),
                    Text("取回发布的原文。", "Take the published text again."),
                )
            ]
        ) from None
    return origin, int(size), root
