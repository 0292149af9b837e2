"""Towns and villages of the invented county: where they belong, their codes and their invented names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecocomp.sample.frame import COUNTY, Frame

HEADS = {
    "石": "Shi",
    "云": "Yun",
    "松": "Song",
    "梨": "Li",
    "竹": "Zhu",
    "柳": "Liu",
    "枫": "Feng",
    "桂": "Gui",
    "兰": "Lan",
    "白": "Bai",
    "荷": "He",
    "月": "Yue",
    "泉": "Quan",
    "鹤": "He",
    "雁": "Yan",
    "苔": "Tai",
    "麦": "Mai",
    "荞": "Qiao",
    "霞": "Xia",
    "芦": "Lu",
}
TAILS = {
    "桥": "qiao",
    "坪": "ping",
    "湾": "wan",
    "沟": "gou",
    "岭": "ling",
    "寨": "zhai",
    "坝": "ba",
    "塘": "tang",
    "坡": "po",
    "源": "yuan",
}
VILLAGES_PER_TOWN = 5


@dataclass(frozen=True)
class Places:
    """Villages in the order of their numbers: codes (12 digits), town codes (9 digits), names."""

    code: list[str]
    town: list[str]
    name_zh: list[str]
    name_en: list[str]

    def towns(self) -> list[str]:
        """Return the town codes in order."""
        return sorted(set(self.town))


def make_places(frame: Frame, x: NDArray[np.float64], y: NDArray[np.float64]) -> Places:
    """Return the villages at these points, gathered to towns of about five around seats far from each other."""
    seats = [0]
    for _ in range(max(3, round(len(x) / VILLAGES_PER_TOWN)) - 1):
        seats.append(int(np.argmax(_squares(x, y, seats).min(axis=1))))
    seats.sort()
    nearest = _squares(x, y, seats).argmin(axis=1)
    count = [0] * len(seats)
    town, code = [], []
    for k in nearest:
        town.append(f"{COUNTY}{100 + int(k)}")
        code.append(f"{town[-1]}{200 + count[int(k)]}")
        count[int(k)] += 1
    pairs = [(a + b, HEADS[a] + TAILS[b]) for a in HEADS for b in TAILS]
    picked: list[tuple[str, str]] = []
    for i in frame.rng("names").permutation(len(pairs)):
        if pairs[i][1] not in {en for _, en in picked}:
            picked.append(pairs[i])
    picked.insert(0, ("石桥", "Shiqiao"))
    names = list(dict.fromkeys(picked))[: len(x)]
    return Places(code, town, [f"{zh}村" for zh, _ in names], [en for _, en in names])


def _squares(x: NDArray[np.float64], y: NDArray[np.float64], seats: list[int]) -> NDArray[np.float64]:
    return (x[:, None] - x[seats][None]) ** 2 + (y[:, None] - y[seats][None]) ** 2
