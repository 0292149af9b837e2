"""Roots and proofs against published vectors, and for every pair of sizes up to forty."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from ecocomp.governance.merkle import (
    EMPTY_ROOT,
    check_consistency,
    check_inclusion,
    checkpoint_body,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    merkle_root,
    read_checkpoint,
)
from ecocomp.terms.faults import FaultsError


def _audit_entries() -> list[bytes]:
    """The three entries of the supervision sheet, section 6."""
    out, before = [], "0" * 64
    for i, (act, actor) in enumerate([("create", "maker01"), ("check", "checker02"), ("approve", "approver03")]):
        commitment = sha256(bytes([i]) * 32 + f"payload{i}".encode()).hexdigest()
        entry = {
            "act": f"batch.{act}",
            "actor": f"u:{actor}",
            "obj": "batch:2026-0001",
            "pc": commitment,
            "prev": before,
            "seq": i,
            "time": f"2026-01-05T0{i + 1}:00:00.000000Z",
            "v": 1,
        }
        out.append(json.dumps(entry, sort_keys=True, separators=(",", ":")).encode())
        before = sha256(out[-1]).hexdigest()
    return out


def test_the_vectors_of_the_audit_log() -> None:
    leaves = [leaf_hash(e) for e in _audit_entries()]
    assert leaves[0].hex() == "79590f876012eb2488cec07a993a2f39d944ab0945297c36ab24f414ceb198a1"
    assert leaves[2].hex() == "655567ce81b1ec71f424295c8e2b0927ac0a9bfdfbb06efb7390d5dcf300bb2b"
    assert merkle_root(leaves[:2]).hex() == "be794a9d0bccecfae701c86118504ea70b6938cbacb7c5df2ea5def50cb53313"
    assert merkle_root(leaves).hex() == "eede7afd6b0980c1c380957e28f48a3fdb52cd7ecd46249f23a7bdfe30d0d048"
    assert inclusion_proof(leaves, 1) == [leaves[0], leaves[2]]
    assert consistency_proof(leaves, 2) == [leaves[2]]


def test_the_roots_of_the_certificate_transparency_vectors() -> None:
    entries = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        bytes(range(0x50, 0x58)),
        bytes(range(0x60, 0x70)),
    ]
    leaves = [leaf_hash(e) for e in entries]
    assert merkle_root([]) == EMPTY_ROOT == sha256(b"").digest()
    assert leaves[0].hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle_root(leaves[:2]).hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    assert merkle_root(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.mark.parametrize("size", range(1, 41))
def test_every_proof_holds_and_no_other_does(size: int) -> None:
    leaves = [leaf_hash(bytes([i])) for i in range(size)]
    root = merkle_root(leaves)
    for i in range(size):
        proof = inclusion_proof(leaves, i)
        assert check_inclusion(leaves[i], i, size, proof, root)
        assert not check_inclusion(leaf_hash(b"other"), i, size, proof, root)
        assert not check_inclusion(leaves[i], i, size, [*proof, root], root)
        assert not check_inclusion(leaves[i], (i + 1) % size, size, proof, root) or size == 1
        assert not check_inclusion(leaves[i], size, size, proof, root)
    for old in range(size + 1):
        proof = consistency_proof(leaves, old)
        old_root = merkle_root(leaves[:old])
        assert check_consistency(old, old_root, size, root, proof)
        assert not check_consistency(old, leaf_hash(b"other"), size, root, proof)
        if 0 < old < size:
            assert not check_consistency(old, old_root, size, root, proof[:-1])
            assert not check_consistency(old, old_root, size, leaf_hash(b"other"), proof)


def test_a_checkpoint_reads_back_and_rubbish_is_refused() -> None:
    body = checkpoint_body("ecocomp.example/510000/audit", 3, merkle_root([leaf_hash(e) for e in _audit_entries()]))
    assert body == "ecocomp.example/510000/audit\n3\n7t56/WsJgMHDgJV+KPSKP9tSzX7NRiSfI6e9/jDQ0Eg=\n"
    assert read_checkpoint(f"{body}\n— name c2ln\n")[1] == 3
    for bad in ("", "x\n-1\nAAAA\n", "x\n03\n" + "A" * 43 + "=\n", "x\n3\nnot base64\n"):
        with pytest.raises(FaultsError, match="no checkpoint"):
            read_checkpoint(bad)
