"""Dated values themselves, and every entry of the library that plain numbers go into."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ecocomp.registry.calculate import calculate
from ecocomp.terms.text import Text
from ecocomp.worked.operation import Operation, Setting


def value(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Return what a parameter says at the place on the day."""
    held = setting.params.get(str(given["key"]))
    row = given.get("row")
    if row is not None and isinstance(held.value, dict):
        found = held.value.get(str(row))
    else:
        found = held.value
    return {
        "value": found,
        "unit": held.unit,
        "place": held.place,
        "document": held.document,
        "article": held.article,
        "confidence": held.confidence,
    }


def entry(given: Mapping[str, Any], setting: Setting) -> Mapping[str, Any]:
    """Evaluate a model, factor, index, price, formula or weighting on plain numbers."""
    numbers = {k: _argument(v) for k, v in given.items() if k != "id"}
    return dict(calculate(str(given["id"]), numbers).outputs)


def _argument(item: Any) -> Any:
    if isinstance(item, list):
        return [_argument(i) for i in item]
    return str(item) if isinstance(item, Decimal) else item


OPERATIONS = (
    Operation(
        "rules.value",
        Text("某地某日的一个参数", "one parameter at a place on a day"),
        {"key": Text("参数键", "key of the parameter"), "row?": Text("表中的行", "row of a table")},
        {
            "value": Text("值，单位见 unit", "its value, in `unit`"),
            "unit": Text("单位", "unit"),
            "place": Text("来自哪一级地方", "the place it comes from"),
            "document": Text("文件", "document"),
            "article": Text("条款", "article"),
            "confidence": Text("可信标记", "confidence mark"),
        },
        value,
    ),
    Operation(
        "calculate",
        Text("按数字计算一个模型、因子、指数、定价方法或公式", "a model, factor, index, price or formula on plain numbers"),
        {"id": Text("条目编码（ecocomp list）", "id of the entry (ecocomp list)"), "*": Text("它的各个参数", "its arguments")},
        {"*": Text("它的各项结果", "its outputs")},
        entry,
    ),
)
