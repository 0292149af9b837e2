"""Make the reference pages of the docs from the code, so that they cannot lie. Run by mkdocs (gen-files)."""

from __future__ import annotations

import re
from pathlib import Path

import mkdocs_gen_files
import yaml

from ecocomp.cli.calculate import word
from ecocomp.pipeline.case import LAYER_KEYS, SECTIONS
from ecocomp.registry import Argument, Entry, entries
from ecocomp.registry.calculate import say_number, weakest
from ecocomp.registry.folder import FOLDERS, FORMULA_FOLDERS
from ecocomp.rules import RuleBook, policy_folder
from ecocomp.terms import codes
from ecocomp.terms.confidence import MARKS
from ecocomp.terms.layers import LAYERS
from ecocomp.terms.registers import REGISTERS
from ecocomp.terms.tables import TABLES
from ecocomp.terms.variables import variable

GLOSSARY = Path(__file__).with_name("glossary.yaml")


def cell(value: object) -> str:
    """Return a value that cannot break a Markdown table."""
    return re.sub(r"\s+", " ", str(value)).replace("|", "\\|")


def rows(page: object, heads: list[str], lines: list[list[object]]) -> None:
    """Write one Markdown table."""
    print("| " + " | ".join(heads) + " |", file=page)  # type: ignore[call-overload]
    print("|" + "---|" * len(heads), file=page)  # type: ignore[call-overload]
    for line in lines:
        print("| " + " | ".join(cell(x) for x in line) + " |", file=page)  # type: ignore[call-overload]
    print(file=page)  # type: ignore[call-overload]


def commands() -> None:
    """Every command with its options, from the command line itself."""
    import click

    from ecocomp.cli.app import cli, join_commands

    join_commands(cli)
    with mkdocs_gen_files.open("reference/commands.md", "w") as page:
        print(
            "# 命令 Commands\n\n退出状态 exit status: 0 正常 fine · 1 输入有错 faults in the input · 2 用法不对 wrong use\n",
            file=page,
        )
        for name, command in sorted(cli.commands.items()):
            subs = sorted(command.commands.items()) if isinstance(command, click.Group) else [("", command)]
            for sub, found in subs:
                full = f"ecocomp {name} {sub}".strip()
                context = click.Context(found, info_name=full)
                print(f"## `{full}`\n\n```\n{found.get_help(context)}\n```\n", file=page)


def case() -> None:
    """Every key of `case.toml`."""
    with mkdocs_gen_files.open("reference/case.md", "w") as page:
        print("# 案例文件 Case file `case.toml`\n", file=page)
        for section, keys in SECTIONS.items():
            print(f"## `[{section}]`\n", file=page)
            rows(page, ["键 key", "含义", "meaning"], [[f"`{k}`", m.zh, m.en] for k, m in keys.items()])
        print("## `[layers.NAME]`\n", file=page)
        rows(page, ["键 key", "含义", "meaning"], [[f"`{k}`", m.zh, m.en] for k, m in LAYER_KEYS.items()])
        lines = [
            [
                f"`{n}`",
                b,
                v,
                variable(v).name.zh,
                variable(v).name.en,
                variable(v).unit,
                f"{variable(v).hard[0]:g} … {variable(v).hard[1]:g}",
            ]
            for n, bands in LAYERS.items()
            for b, v in bands.items()
        ]
        rows(page, ["图层 layer", "bands", "变量 variable", "名称", "name", "单位 unit", "范围 range"], lines)


def tables() -> None:
    """Every table with its columns."""
    with mkdocs_gen_files.open("reference/tables.md", "w") as page:
        print("# 表 Tables\n\n金额为分（int64 fen），面积为平方分米（dm2），比例为百万分之（ppm）。\n", file=page)
        for spec in (*TABLES.values(), *REGISTERS.values()):
            print(
                f"## `{spec.name}` {spec.title.zh} · {spec.title.en}\n\n键 key: {', '.join(f'`{k}`' for k in spec.key) or '—'}\n",
                file=page,
            )
            rows(
                page,
                ["列 column", "类型 type", "单位 unit", "含义", "meaning"],
                [[f"`{c.name}`" + (" ?" if c.nullable else ""), c.type, c.unit, c.meaning.zh, c.meaning.en] for c in spec.columns],
            )


def page_of(e: Entry) -> str:
    """Write the page of one entry and return its address, relative to the pages that list it."""
    s, name = e.spec, f"models/{e.folder}.{e.spec.id}.md"
    with mkdocs_gen_files.open(f"reference/{name}", "w") as page:
        print(f"# {s.name.zh} · {s.name.en}\n\n`{s.id}` · {e.folder} · 版本 version {s.version}\n", file=page)
        print(f"{s.summary.zh}\n\n{s.summary.en}\n", file=page)
        if s.unit:
            print(f"单位 unit: {s.unit}\n", file=page)
        if s.formula:
            lines = "\n".join(line.strip() for line in s.formula.splitlines() if line.strip())
            print(f"## 公式 Formula\n\n```\n{lines}\n```\n", file=page)
        for title, text in (("适用 Where it holds", s.holds), ("与同类工具的差别 How it differs from its peers", s.differs)):
            if text.zh:
                print(f"## {title}\n\n{text.zh}\n\n{text.en}\n", file=page)
        if s.arguments:
            print(f"## 按单个数计算 On plain numbers\n\n`ecocomp try {s.id} …`\n", file=page)
            lines = [[f"`{a.name}`", a.symbol, default_of(a), a.unit, a.meaning.zh, a.meaning.en] for a in s.arguments]
            rows(page, ["量 name", "符号 symbol", "缺省 default", "单位 unit", "含义", "meaning"], lines)
        for title, uses in (
            ("图层与表 Layers and tables", s.inputs),
            ("规则中的参数 Parameters in the rules", s.parameters),
            ("结果 Yields", s.outputs),
        ):
            if uses:
                print(f"## {title}\n", file=page)
                lines = [[f"`{u.name}`" + (" ?" if u.optional else ""), u.symbol, u.unit, u.meaning.zh, u.meaning.en] for u in uses]
                rows(page, ["名称 name", "符号 symbol", "单位 unit", "含义", "meaning"], lines)
        if e.evaluate is not None and s.arguments:
            print("## 算例 Checked examples\n", file=page)
            for x in s.examples:
                words = " ".join(f"{k}={word(v)}" for k, v in x.inputs.items())
                gives = ", ".join(f"{k} = {say_number(v)}" for k, v in x.outputs.items())
                print(f"`ecocomp try {s.id} {words}`\n\n{gives} ({x.source})\n", file=page)
        print("## 出处 References\n", file=page)
        lines = [[r.title + (f" — {r.note}" if r.note else ""), r.confidence, str(MARKS[r.confidence])] for r in s.references]
        rows(page, ["出处 reference", "标记 mark", "含义 meaning"], lines)
    return name


def default_of(a: Argument) -> str:
    """Return the default of an argument as it is typed, or nothing."""
    return "" if a.default is None else word(a.default)


def plugins() -> None:
    """A list of every entry, and a page for each."""
    with mkdocs_gen_files.open("reference/plugins.md", "w") as page:
        print("# 模型、方法、因子与指数 Models, methods, factors and indices\n", file=page)
        print("每一项的公式、适用、参数、出处与算例见其页面；也可用 `ecocomp describe ID` 与 `ecocomp try ID`。\n", file=page)
        print("Each has a page with its formula, where it holds, parameters, sources and checked examples.\n", file=page)
        for folder in (*FOLDERS, *FORMULA_FOLDERS):
            print(f"## `{folder}`\n", file=page)
            lines = [
                [f"[`{e.spec.id}`]({page_of(e)})", e.spec.name.zh, e.spec.name.en, e.spec.unit, weakest(e)]
                for e in entries(folder).values()
            ]
            rows(page, ["编码 id", "名称", "name", "单位 unit", "最弱标记 weakest mark"], lines)


def rules() -> None:
    """Every dated value that ships."""
    book = RuleBook.load([policy_folder()])
    with mkdocs_gen_files.open("reference/rules.md", "w") as page:
        print("# 规则 Rules\n", file=page)
        rows(page, ["标记 mark", "含义", "meaning"], [[f"`{m}`", t.zh, t.en] for m, t in MARKS.items()])
        for place in book.places.values():
            found = book.values(place=place.code)
            if found:
                print(f"## {place.code} {place.name.zh} · {place.name.en}\n", file=page)
                rows(
                    page,
                    ["键 key", "名称 name", "值 value", "单位 unit", "自 from", "标记 mark", "出处 source", "文件 file"],
                    [
                        [
                            f"`{v.key}`",
                            f"{v.name.zh} · {v.name.en}",
                            str(v.as_row()["value"])[:120],
                            v.unit,
                            v.valid_from if v.valid_from.year > 1900 else "",
                            v.confidence,
                            f"{v.document} {v.article}",
                            f"{v.file}:{v.line}",
                        ]
                        for v in found
                    ],
                )


def glossary() -> None:
    """Words in both languages: those of money with what they mean, and the code lists."""
    lists = {
        "功能区 function zones": codes.FUNCTION_ZONES,
        "生态系统 ecosystems": codes.ECOSYSTEMS,
        "大类 groups": codes.ECOSYSTEM_GROUPS,
        "权利 rights": codes.RIGHT_KINDS,
        "权利人 holders": codes.HOLDER_KINDS,
        "资金来源 sources of funds": codes.FUND_SOURCES,
        "合规灯 lights": codes.LIGHTS,
        "核查判定 verdicts": codes.VERDICTS,
        "应付状态 entitlement states": codes.ENTITLEMENT_STATES,
        "标准的四部分 parts of the standard": codes.PARTS,
        "权利主体 parties": codes.PARTY_KINDS,
        "户内身份 roles of members": codes.MEMBER_ROLES,
        "限制 restrictions": codes.RESTRICTION_KINDS,
        "文件 sources": codes.SOURCE_KINDS,
        "争议进展 states of disputes": codes.DISPUTE_STATES,
        "区划变更 changes of regions": codes.REGION_CHANGES,
        "资金用途 purposes of funds": codes.FUND_PURPOSES,
        "资金包的事件 events of envelopes": codes.ENVELOPE_EVENTS,
        "合同状态 states of contracts": codes.CONTRACT_STATES,
        "验收级别 levels of inspection": codes.INSPECTION_LEVELS,
        "验收结果 results of inspection": codes.INSPECTION_RESULTS,
        "公示状态 states of notices": codes.NOTICE_STATES,
        "协议状态 states of agreements": codes.AGREEMENT_STATES,
        "协议争议 disputes of agreements": codes.AGREEMENT_DISPUTES,
        "表 tables": {t.name: t.title for t in TABLES.values()},
        "登记簿 registers": {t.name: t.title for t in REGISTERS.values()},
    }
    with mkdocs_gen_files.open("reference/glossary.md", "w") as page:
        print("# 术语 Glossary\n", file=page)
        for title, words in yaml.safe_load(GLOSSARY.read_text(encoding="utf-8")).items():
            print(f"## {title}\n", file=page)
            rows(
                page, ["中文", "English", "释义", "meaning"], [[zh, en, means_zh, means_en] for en, zh, means_zh, means_en in words]
            )
        for title, listed in lists.items():
            print(f"## {title}\n", file=page)
            rows(page, ["代码 code", "中文", "English"], [[f"`{k}`", t.zh, t.en] for k, t in listed.items()])
        lines = [[f"`{k}`", t.zh, t.en, eco] for k, (t, eco) in codes.LAND_CLASSES.items()]
        print("## 调查地类 survey land classes\n", file=page)
        rows(page, ["代码 code", "中文", "English", "生态系统 ecosystem"], lines)


def python() -> None:
    """The main functions, by their docstrings."""
    modules = [
        "terms.money",
        "terms.clocks",
        "terms.faults",
        "rules.book",
        "registry.spec",
        "grid.coverage",
        "services.engine",
        "standard.setting",
        "payments.entitle",
        "funds.allocate",
        "ledger.book",
        "governance.bundle",
        "governance.why",
        "pipeline.run",
    ]
    with mkdocs_gen_files.open("reference/python.md", "w") as page:
        print("# Python\n", file=page)
        for module in modules:
            print(f"::: ecocomp.{module}\n", file=page)


commands()
case()
tables()
plugins()
rules()
glossary()
python()
