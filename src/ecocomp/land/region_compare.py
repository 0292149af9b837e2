"""Two editions of a code list compared: which region kept its code, which got another, and what lists cannot tell.

Every finding carries its evidence in words. What the evidence does not settle stays `unresolved`, with candidates for a
person who can look up the decree; nothing is guessed. Rules, in this order, on what the codes alone do not settle:

1. `geometry`   where both editions have shapes: the regions are the same ground, or lie inside one another
2. `name`       same name under the same parent, once on each side
3. `stem`       same name but for the word of its rank (县, 区, 市 …) under the same parent
4. `moved`      same name in the same province, once on each side
5. `last_pair`  the only code lost and the only one found under a parent, with names that begin alike
6. `zone`       development zones with the digits 71–79 that statistics use and GB/T 2260 does not
7. `coverage`   the other list has nothing of this province at that level
8. `no_sibling` no code under the same parent was lost (created) or found (abolished), if the other list is complete

Reference: GB/T 2260; statistical division codes for the digits of development zones. The rules are this library's own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ecocomp.land.region_list import Region, RegionList
from ecocomp.terms.codes import REGION_CHANGES
from ecocomp.terms.tables import Column, TableSpec
from ecocomp.terms.text import Text, same

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS: dict[str, Text] = {
    "kept": Text("未变", "kept"),
    **REGION_CHANGES,
    "outside": Text("不在另一表的范围内", "outside what the other list covers"),
}
SAME_GROUND = 0.9
"""Share of ground that makes two regions one, or one a part of the other."""
HALF = 0.5
TOUCHES = 0.02
"""Share of a region below which shared ground is drawing, not change."""
_RANKS = ("自治县", "自治旗", "自治州", "林区", "特区", "地区", "街道", "县", "市", "区", "旗", "盟", "乡", "镇", "村")
_ZONE_WORDS = (
    *("开发区", "工业园", "园区", "新区", "新城", "管理区", "示范区", "管委会"),
    *("实验区", "名胜区", "聚集区", "食品区", "产业园"),
)
_S = pa.string()


def _c(name: str, unit: str, zh: str, en: str) -> Column:
    return Column(name, _S, unit, Text(zh, en))


DIFFERENCES = TableSpec(
    "region_difference",
    Text("两版区划代码的差异", "differences of two code lists"),
    ("from_code", "to_code"),
    (
        _c("from_code", "", "原代码（空为无）", "code before (empty: none)"),
        _c("to_code", "", "新代码（空为无）", "code after (empty: none)"),
        _c("kind", "region_compare.KINDS", "类型", "kind"),
        _c("basis", "", "判据", "rule that tells it"),
        _c("from_name", "", "原名称", "name before"),
        _c("to_name", "", "新名称", "name after"),
        _c("candidates", "", "候选代码（空格分隔）", "candidate codes, separated by spaces"),
        _c("evidence_zh", "", "依据（中文）", "evidence in Chinese"),
        _c("evidence_en", "", "依据（英文）", "evidence in English"),
    ),
    "survey",
)
Shapes = Mapping[str, Any]
"""Polygons of regions by code, in degrees (or any one system for both editions)."""


@dataclass(frozen=True, slots=True)
class _Ground:
    """Shares of ground (of the old, of the new region) by pair of codes, and the codes that have shapes."""

    shares: Mapping[tuple[str, str], tuple[float, float]]
    old: frozenset[str]
    new: frozenset[str]

    def denies(self, a: str, b: str) -> bool:
        """Whether shapes of both are known, and neither lies mostly in the other."""
        return a in self.old and b in self.new and max(self.shares.get((a, b), (0.0, 0.0))) < HALF

    def near(self, code: str, gone: bool) -> list[tuple[str, tuple[float, float]]]:
        """Return the codes that share ground with one, most first."""
        mine, theirs = (0, 1) if gone else (1, 0)
        found = [(p[theirs], s) for p, s in self.shares.items() if p[mine] == code]
        return sorted(found, key=lambda f: (-f[1][mine], f[0]))


@dataclass(slots=True)
class _State:
    """What is left to be told: codes only in the old list, codes only in the new one; and what has been told."""

    old: RegionList
    new: RegionList
    lost: dict[str, Region]
    found: dict[str, Region]
    ground: _Ground
    rows: list[dict[str, str]] = field(default_factory=list)

    def tell(
        self, kind: str, basis: str, a: Region | None, b: Region | None, evidence: Text, candidates: Iterable[str] = ()
    ) -> None:
        """Write a finding and take its regions off what is left."""
        self.rows.append(
            {
                "from_code": a.code if a else "",
                "to_code": b.code if b else "",
                "kind": kind,
                "basis": basis,
                "from_name": a.name if a else "",
                "to_name": b.name if b else "",
                "candidates": " ".join(candidates),
                "evidence_zh": evidence.zh,
                "evidence_en": evidence.en,
            }
        )
        if a:
            self.lost.pop(a.code, None)
        if b:
            self.found.pop(b.code, None)


def compare_lists(
    old: RegionList,
    new: RegionList,
    geometry: tuple[Shapes, Shapes] | None = None,
    complete: tuple[bool, bool] = (True, True),
) -> pa.Table:
    """Compare two editions of a code list; return the table `DIFFERENCES`, every code of both in at least one row.

    geometry  shapes of the regions of both editions, where both have them
    complete  whether the old and the new list hold every region of their levels; a map, say, may lack some. Only against
              a complete list is a code without a counterpart called created or abolished
    """
    state = _State(
        old,
        new,
        {c: r for c, r in old.regions.items() if c not in new.regions},
        {c: r for c, r in new.regions.items() if c not in old.regions},
        _ground(*geometry) if geometry else _Ground({}, frozenset(), frozenset()),
    )
    _kept(state)
    _by_geometry(state)
    _pair(state, "name", lambda r: (r.level, r.parent, r.name), _SAME_NAME)
    _pair(state, "stem", lambda r: (r.level, r.parent, stem(r.name)), _SAME_STEM)
    _extended(state)
    _pair(state, "moved", lambda r: (r.level, r.code[:2], r.name), _SAME_PROVINCE)
    _last_pairs(state)
    _zones(state)
    _coverage(state)
    _rest(state, complete)
    return DIFFERENCES.table(list[dict[str, object]](dict(r) for r in state.rows))


def stem(name: str) -> str:
    """Return a name without the word of its rank.

    >>> stem("繁昌县"), stem("繁昌区"), stem("阜新蒙古族自治县"), stem("县")
    ('繁昌', '繁昌', '阜新蒙古族', '县')
    """
    return next((name[: -len(r)] for r in _RANKS if name.endswith(r) and len(name) > len(r)), name)


# ---------------------------------------------------------------- one code in both lists
def _kept(state: _State) -> None:
    for code, a in state.old.regions.items():
        b = state.new.regions.get(code)
        if b is None:
            continue
        ground = _ground_words(code, state.ground.shares)
        if a.name == b.name:
            state.tell("kept", "code", a, b, _both(Text("代码与名称相同。", "same code, same name."), ground))
        else:
            said = Text("代码相同，名称由“{a}”改为“{b}”。", "same code, the name “{a}” became “{b}”.").fill(a=a.name, b=b.name)
            state.tell("renamed", "code", a, b, _both(said, ground))


def _ground_words(code: str, overlaps: Mapping[tuple[str, str], tuple[float, float]]) -> Text:
    """Say that the ground of a code changed although the code did not."""
    if (code, code) not in overlaps or min(overlaps[code, code]) >= SAME_GROUND:
        return same("")
    return Text(" 但范围有变：{p}。", " But its ground changed: {p}.").fill(p=_share_words(*overlaps[code, code]))


def _share_words(of_old: float, of_new: float) -> Text:
    said = Text(
        "原范围的 {a:.1f} % 在新范围内，占新范围的 {b:.1f} %", "{a:.1f} % of the old ground lie in the new, {b:.1f} % of it"
    )
    return said.fill(a=100 * of_old, b=100 * of_new)


def _both(one: Text, two: Text) -> Text:
    return Text(one.zh + two.zh, one.en + two.en)


# ---------------------------------------------------------------- by ground
def _ground(old: Shapes, new: Shapes) -> _Ground:
    """Return, for each two regions that share ground, the share of the old and of the new one."""
    import shapely

    if not old or not new:
        return _Ground({}, frozenset(old), frozenset(new))
    one, two = _valid(old.values()), _valid(new.values())
    i, j = shapely.STRtree(two).query(one, predicate="intersects")
    area = shapely.area(shapely.intersection(one[i], two[j]))
    of_old, of_new = area / shapely.area(one)[i], area / shapely.area(two)[j]
    a, b = list(old), list(new)
    pairs = zip(i.tolist(), j.tolist(), of_old.tolist(), of_new.tolist(), strict=True)
    shares = {(a[x], b[y]): (p, q) for x, y, p, q in pairs if max(p, q) > TOUCHES}
    return _Ground(shares, frozenset(old), frozenset(new))


def _valid(shapes: Iterable[Any]) -> NDArray[np.object_]:
    import shapely

    made = np.array(list(shapes), object)
    broken = ~shapely.is_valid(made)
    made[broken] = shapely.make_valid(made[broken])
    return made


def _by_geometry(state: _State) -> None:
    """Same ground: recoded. All of it in one region: merged into that. In several: split among them, or off one that stays."""
    shares = {p: s for p, s in sorted(state.ground.shares.items()) if p[0] in state.old.regions and p[1] in state.new.regions}
    for (a, b), share in shares.items():
        if min(share) >= SAME_GROUND and a in state.lost and b in state.found:
            state.tell("recoded", "geometry", state.lost[a], state.found[b], _share_words(*share))
    told = {(r["from_code"], r["to_code"]) for r in state.rows}
    came, went = defaultdict(list), defaultdict(list)
    for pair, (of_old, of_new) in shares.items():
        if pair[0] in state.lost and of_old > TOUCHES:
            went[pair[0]].append(pair)
        if pair[1] in state.found and of_new > TOUCHES:
            came[pair[1]].append(pair)
    for side, some in ((0, went), (1, came)):
        for pairs in some.values():
            if sum(shares[p][side] for p in pairs) >= SAME_GROUND:
                _divide(state, [p for p in pairs if p not in told], shares)
                told |= set(pairs)


def _divide(state: _State, pairs: list[tuple[str, str]], shares: Mapping[tuple[str, str], tuple[float, float]]) -> None:
    """Tell where the ground of a lost region went, or that of a found one came from."""
    for a, b in pairs:
        whole = a not in state.new.regions and shares[a, b][0] >= SAME_GROUND
        said = _share_words(*shares[a, b])
        state.tell("merged" if whole else "split", "geometry", state.old.regions[a], state.new.regions[b], said)


# ---------------------------------------------------------------- by name
_SAME_NAME = Text("同一上级 {p} 下名称相同：“{a}”。", "the same name under {p}: “{a}”.")
_SAME_STEM = Text("同一上级 {p} 下“{a}”与“{b}”只差通名。", "under {p}, “{a}” and “{b}” differ only in the word of their rank.")
_EXTENDED = Text("同一上级 {p} 下“{b}”是“{a}”加通名。", "under {p}, “{b}” is “{a}” and a word of rank.")
_SAME_PROVINCE = Text(
    "全省只有这一对同名：“{a}”，上级由 {p} 变为 {q}。", "the only two of this name in the province: “{a}”; above was {p}, now {q}."
)
_LAST_PAIR = Text(
    "上级 {p} 下只少了“{a}”、只多了“{b}”，名称首字相同。",
    "under {p} only “{a}” was lost and only “{b}” found, and the names begin alike.",
)


def _pair(state: _State, basis: str, key: Callable[[Region], Any], words: Text) -> None:
    """Tell those that have one counterpart by a key, and are its only one."""
    for a, b in list(_unique_pairs(state, key, key)):
        said = words.fill(a=a.name, b=b.name, p=a.parent or "", q=b.parent or "")
        state.tell("recoded", basis, a, b, said)


def _unique_pairs(
    state: _State, old_key: Callable[[Region], Any], new_key: Callable[[Region], Any]
) -> Iterator[tuple[Region, Region]]:
    """Zones do not count: their names repeat those of the regions they lie in. Nor do pairs that shapes deny."""
    lost, found = _real(state.lost.values()), _real(state.found.values())
    many = Counter(map(old_key, lost)), Counter(map(new_key, found))
    by_key = {new_key(b): b for b in found}
    for a in lost:
        k = old_key(a)
        if many[0][k] == many[1][k] == 1 and not state.ground.denies(a.code, by_key[k].code):
            yield a, by_key[k]


def _extended(state: _State) -> None:
    """A name of one character keeps the word of its rank and takes another: 沙县 became 沙县区."""
    for a, b in list(_unique_pairs(state, lambda r: (r.level, r.parent, r.name), lambda r: (r.level, r.parent, stem(r.name)))):
        state.tell("recoded", "stem", a, b, _EXTENDED.fill(a=a.name, b=b.name, p=a.parent or ""))


def _real(regions: Iterable[Region]) -> list[Region]:
    return [r for r in regions if not _is_zone(r)]


def _last_pairs(state: _State) -> None:
    for a, b in list(_unique_pairs(state, lambda r: (r.level, r.parent), lambda r: (r.level, r.parent))):
        if a.name[:1] == b.name[:1] and a.name:
            state.tell("recoded", "last_pair", a, b, _LAST_PAIR.fill(a=a.name, b=b.name, p=a.parent or ""))


# ---------------------------------------------------------------- what is not in the other list
def _is_zone(region: Region) -> bool:
    return region.level == 3 and 71 <= int(region.code[4:6]) <= 79 and any(w in region.name for w in _ZONE_WORDS)


def _zones(state: _State) -> None:
    said = Text(
        "开发区、管理区等统计区域（县级码 71–79），不是 GB/T 2260 的行政区划；其土地属于所在的县区。",
        "a development zone that statistics count (digits 71–79); it is no division of GB/T 2260, its ground belongs to counties.",
    )
    for r in [r for r in state.lost.values() if _is_zone(r)]:
        state.tell("outside", "zone", r, None, said)
    for r in [r for r in state.found.values() if _is_zone(r)]:
        state.tell("outside", "zone", None, r, said)


def _coverage(state: _State) -> None:
    said = Text("另一表没有 {p} 省这一级的任何代码。", "the other list has no code of this level in province {p}.")
    reach = [{(r.code[:2], r.level) for r in regions.regions.values()} for regions in (state.old, state.new)]
    for r in [r for r in state.lost.values() if (r.code[:2], r.level) not in reach[1]]:
        state.tell("outside", "coverage", r, None, said.fill(p=r.code[:2]))
    for r in [r for r in state.found.values() if (r.code[:2], r.level) not in reach[0]]:
        state.tell("outside", "coverage", None, r, said.fill(p=r.code[:2]))


def _rest(state: _State, complete: tuple[bool, bool]) -> None:
    """Created and abolished where nothing else is possible; all others unresolved, with candidates."""
    lost, found = _siblings(state.lost), _siblings(state.found)
    for r in list(state.lost.values()):
        _open(state, r, found[r.level, r.parent], True, complete[1])
    for r in list(state.found.values()):
        _open(state, r, lost[r.level, r.parent], False, complete[0])


def _open(state: _State, one: Region, siblings: list[Region], gone: bool, complete: bool) -> None:
    a, b = (one, None) if gone else (None, one)
    near = state.ground.near(one.code, gone)
    if near:
        state.tell("unresolved", "geometry", a, b, _ground_candidates(near, gone), (c for c, _ in near))
    elif siblings or not complete:
        ranked = _ranked(one, siblings)
        state.tell("unresolved", "", a, b, _open_words(one, ranked, gone), (r.code for r in ranked))
    else:
        state.tell("abolished" if gone else "created", "no_sibling", a, b, _no_sibling(one, gone))


def _ground_candidates(near: list[tuple[str, tuple[float, float]]], gone: bool) -> Text:
    listed = [_both(same(f"{code}: "), _share_words(*shares)) for code, shares in near[:8]]
    said = Text("；".join(t.zh for t in listed), "; ".join(t.en for t in listed))
    if gone:
        return Text("原范围分给了几个区划：{l}。", "its ground went to several regions: {l}.").fill(l=said)
    return Text("范围来自几个区划：{l}。", "its ground came from several regions: {l}.").fill(l=said)


def _siblings(regions: Mapping[str, Region]) -> defaultdict[tuple[int, str | None], list[Region]]:
    out: defaultdict[tuple[int, str | None], list[Region]] = defaultdict(list)
    for r in regions.values():
        out[r.level, r.parent].append(r)
    return out


def _ranked(one: Region, others: list[Region]) -> list[Region]:
    """Candidates, those whose names share more characters first."""
    return sorted(others, key=lambda r: (-len(set(stem(one.name)) & set(stem(r.name))), r.code))


def _open_words(one: Region, others: list[Region], gone: bool) -> Text:
    which = Text("不再使用", "is no longer used") if gone else Text("为新出现", "is new")
    if not others:
        lack = Text(
            "同一上级 {p} 下没有可对应的代码；另一表可能不全。",
            "under {p} no code answers to it; the other list may not be complete.",
        ).fill(p=one.parent or "")
        return _both(Text("代码{w}。", "the code {w}. ").fill(w=which), lack)
    listed = [_candidate(one, r) for r in others[:8]]
    said = Text("、".join(t.zh for t in listed), ", ".join(t.en for t in listed))
    return Text(
        "代码{w}；同一上级 {p} 下可能相关的有：{l}。名称与代码不足以判定，请查批复文件。",
        "the code {w}; under {p} these may have to do with it: {l}. Names and codes do not tell; look up the decree.",
    ).fill(w=which, p=one.parent or "", l=said)


def _candidate(one: Region, other: Region) -> Text:
    """Name a candidate, and the characters the two names share: new names are often made of old ones."""
    shared = "".join(c for c in stem(one.name) if c in stem(other.name))
    if not shared:
        return same(f"{other.code} {other.name}")
    return Text("{c} {n}（同有“{s}”）", "{c} {n} (both have “{s}”)").fill(c=other.code, n=other.name, s=shared)


def _no_sibling(one: Region, gone: bool) -> Text:
    if gone:
        said = Text(
            "代码不再使用，同一上级 {p} 下没有新代码可以承接；并入了哪里，代码表不能说明。",
            "the code is no longer used and no new one under {p} could have taken over; where its ground went, lists do not tell.",
        )
    else:
        said = Text("新代码；同一上级 {p} 下没有停用的代码。", "a new code; under {p} no code fell out of use.")
    return said.fill(p=one.parent or "")
