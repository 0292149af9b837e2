"""`ecocomp list`: what is registered, read from the specs."""

from __future__ import annotations

from ecocomp.cli.folders import FOLDERS_OF
from ecocomp.cli.say import Voice
from ecocomp.registry import Entry, entries
from ecocomp.registry.calculate import weakest
from ecocomp.terms.codes import SERVICE_CHAPTERS
from ecocomp.terms.text import Text, same


def list_plugins(voice: Voice, what: str) -> None:
    """Print the entries of the folders of one kind; services in the order of a standard's table of contents."""
    found = [e for folder in FOLDERS_OF[what] for e in entries(folder).values()]
    chapters = _chapters(found) if what == "services" else [(same(""), found)]
    voice.data([_data(e, chapter, n) for chapter, part in chapters for n, e in enumerate(part, 1)])
    heads = [Text("名称", "name"), Text("编码", "id"), Text("单位", "unit"), Text("说明", "what it is"), Text("标记", "mark")]
    rows = []
    for c, (chapter, part) in enumerate(chapters, 1):
        if chapter.zh:
            rows.append([f"{c}  {chapter.to(voice.lang)}", "", "", "", ""])
        rows += [_row(e, voice, f"{c}.{n}  " if chapter.zh else "") for n, e in enumerate(part, 1)]
    voice.table(Text("{w}：{n} 项", "{w}: {n}").fill(w=what, n=len(found)), heads, rows)
    voice.say(
        Text(
            "标记为出处中最弱的一个（V 读自原文 … L 把握低）。"
            "ecocomp describe 编码 看公式与出处；ecocomp try 编码 名称=数值 用数核对。",
            "The mark is the weakest of its sources (V read in the primary source … L low confidence). ecocomp describe ID tells"
            " formula and sources; ecocomp try ID name=value checks it by numbers.",
        )
    )


def _chapters(found: list[Entry]) -> list[tuple[Text, list[Entry]]]:
    """Return the services by chapter; those that no chapter names (brought by others) come last."""
    by_id = {e.spec.id: e for e in found}
    chapters = [(title, [by_id.pop(id) for id in ids if id in by_id]) for title, ids in SERVICE_CHAPTERS]
    rest = (Text("其他", "others"), list(by_id.values()))
    return [(title, part) for title, part in [*chapters, rest] if part]


def _data(e: Entry, chapter: Text, number: int) -> dict[str, object]:
    s = e.spec
    return {
        "id": s.id,
        "folder": e.folder,
        "chapter_zh": chapter.zh,
        "chapter_en": chapter.en,
        "number": number,
        "name_zh": s.name.zh,
        "name_en": s.name.en,
        "summary_zh": s.summary.zh,
        "summary_en": s.summary.en,
        "unit": s.unit,
        "version": s.version,
        "formula": s.formula,
        "arguments": [a.name for a in s.arguments],
        "inputs": [u.name for u in s.inputs],
        "parameters": [u.name for u in s.parameters],
        "outputs": [u.name for u in s.outputs],
        "confidence": weakest(e),
        "references": [f"{r.title} [{r.confidence}]" for r in s.references],
    }


def _row(e: Entry, voice: Voice, number: str) -> list[str]:
    s = e.spec
    return [number + s.name.to(voice.lang), s.id, s.unit, s.summary.to(voice.lang), weakest(e)]
