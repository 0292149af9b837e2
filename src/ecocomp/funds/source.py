"""What a source of funds allows: read from dated rules by the source's id, the same way for every source."""

from __future__ import annotations

from ecocomp.registry import Use
from ecocomp.rules import Parameters
from ecocomp.terms.text import Text

#: Parameters every source reads; plug-in files name them in their spec.
USES: tuple[Use, ...] = (
    Use("funds.priority", "1", Text("默认使用顺序", "default order of use")),
    Use("funds.may_earmark", "0|1", Text("可否限定用途范围", "whether it may be tied to zones or ecosystems")),
    Use("funds.may_carry_over", "0|1", Text("可否结转下年", "whether it may be carried over")),
)


def may_earmark(source: str, params: Parameters) -> bool:
    """Return whether money of `source` may be tied to zones, ecosystem groups or the red line."""
    return bool(params.table("funds.may_earmark").get(source, 0))


def may_carry_over(source: str, params: Parameters) -> bool:
    """Return whether unspent money of `source` may be carried into the next year."""
    return bool(params.table("funds.may_carry_over").get(source, 0))


def priority(source: str, params: Parameters) -> int:
    """Return the default order of use of `source` (low first); sources without one come last."""
    table = params.table("funds.priority")
    return int(table.get(source, max(table.values()) + 1))
