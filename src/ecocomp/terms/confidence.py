"""Confidence: how well a fact is known, so that an uncertain one is never silent truth.

V  read in the primary source            usable
V2 read in two independent sources       usable
v  read in a secondary source            usable, citation kept
C  checked here by calculation           usable
S  invented for the sample county        usable there only
M  remembered, no source opened          unverified: a payment run must accept it by name
R  remembered from a named document      unverified
L  remembered with low confidence        unverified
D  a design choice of this project       usable, editable, stated as such
"""

from __future__ import annotations

from ecocomp.terms.text import Text

MARKS: dict[str, Text] = {
    "V": Text("读自原文", "read in the primary source"),
    "V2": Text("两个独立来源一致", "read in two independent sources"),
    "v": Text("读自二手来源", "read in a secondary source"),
    "C": Text("经计算核对", "checked by calculation"),
    "S": Text("虚构示例", "invented sample"),
    "M": Text("未核实（记忆）", "unverified (remembered)"),
    "R": Text("未核实（记得出处）", "unverified (remembered from the document)"),
    "L": Text("未核实（把握低）", "unverified (low confidence)"),
    "D": Text("本项目的设计选择", "design choice of this project"),
}
UNVERIFIED = frozenset({"M", "R", "L"})


def is_verified(mark: str) -> bool:
    """Return whether a payment may rest on a fact with this mark without being accepted by name."""
    return mark not in UNVERIFIED
