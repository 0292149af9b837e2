"""Down a clerk's sheet row by row: whose row it is, whom it adds to the household, which right it states.

For `tenure.sheets`. What stands once for several rows is carried down; what cannot be read is a fault of its cell, and the
rows that depend on it wait.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from ecocomp.tenure import _identity as identity
from ecocomp.tenure import cells
from ecocomp.tenure._households import Household, Person, Said
from ecocomp.tenure._rows import Claim, Desk, Line, meaning
from ecocomp.tenure.codes import problem_of
from ecocomp.terms.codes import RIGHT_KINDS
from ecocomp.terms.text import Text

_HOUSEHOLD_CARRIES = ("kind", "way", "start", "end", "term", "contract_no", "certificate_no")
_GB_PARCEL = re.compile(r"^\d{12}[A-Z]{2}")
_RIGHTS: tuple[tuple[str, str], ...] = (
    ("所有权", "ownership"), ("承包经营权", "contract"), ("家庭承包", "contract"), ("承包权", "contract"), ("林地承包", "contract"),
    ("经营权", "management"), ("流转", "management"), ("出租", "management"), ("租赁", "management"), ("转包", "management"),
    ("入股", "management"), ("招标", "management"), ("拍卖", "management"), ("公开协商", "management"), ("其他方式", "management"),
    ("使用权", "use"), ("划拨", "use"), ("转让", "contract"), ("互换", "contract"), ("继承", "contract"), ("承包", "contract"),
)  # fmt: skip
_PARTIES: tuple[tuple[str, str], ...] = (
    ("农户", "household"), ("家庭", "household"), ("承包户", "household"), ("自然人", "person"), ("个人", "person"),
    ("农村集体", "collective"), ("集体", "collective"), ("村委会", "collective"), ("村民委员会", "collective"), ("企业", "company"),
    ("公司", "company"), ("合作社", "company"), ("国有", "state_unit"), ("机关", "state_unit"), ("事业", "state_unit"),
)  # fmt: skip
_BODIES: tuple[tuple[str, str], ...] = (
    (r"(村民委员会|村委会|村民小组|经济合作社|经济联合社|集体经济组织|股份经济合作社|村集体)$", "collective"),
    (r"(公司|厂|合作社|家庭农场|农场主?|集团|中心)$", "company"),
    (r"(国有.*|.*(林场|牧场|管理局|管理处|管理站|林业局|草原站|农牧场))$", "state_unit"),
)
_DEFAULT_RIGHT = {"household": "contract", "person": "contract", "group": "contract", "collective": "ownership",
                  "company": "management", "state_unit": "use", "bank": "use"}  # fmt: skip
_ROLES: tuple[tuple[str, str], ...] = (
    (r"^(户主|本人|承包方代表|代表|自己|承包方|权利人)$", "head"),
    (r"^(配偶|妻|夫|妻子|丈夫|爱人|老婆|老公|之妻|之夫)$", "spouse"),
    (r"^(之)?(长|次|三|四|五|六|养|继|独生?|大|二|小|幺|满)?(子|女|儿子|女儿|儿|子女)$", "child"),
    (r"^(父|母|父亲|母亲|父母|爸爸|妈妈|养父|养母|继父|继母)$", "parent"),
    (r"^共有(权)?人$", "co_owner"),
)


class Walk:
    """Goes down the data rows of a sheet and remembers the household and the parcel above."""

    def __init__(self, reading: Desk) -> None:
        self.reading = reading
        self.report = reading.report
        self.stop()

    def stop(self) -> None:
        """Forget what stands above: after a total nothing carries down."""
        self.household: Household | None = None
        self.blocked: Line | None = None
        self.first: Line | None = None
        self.parcel_line: Line | None = None

    def row(self, line: Line, group: str) -> None:
        holders = self.holders(line, group)
        if not holders:
            codes = (cells.code(line.text("parcel")), cells.code(line.text("unit_code")))
            self.reading.spoiled |= {c[:19] if len(c) == 28 else c for c in codes if c}
            return
        self.member(line, holders[0])
        if line.says("parcel") or line.says("unit_code") or line.says("area") or line.says("area_contract"):
            self.right(line, holders)
        elif self.carries_parcel(line):
            self.right(line, holders, self.parcel_line)

    # ------------------------------------------------------------ who
    def holders(self, line: Line, group: str) -> list[Household]:
        opens = any(line.says(f) and line.kind(f) != "v" for f in ("holder", "household_code"))
        opens |= self.household is None and self.blocked is None and line.says("id_number") and line.kind("id_number") != "v"
        if opens:
            return self.new_holders(line, group)
        if self.person_opens(line):
            return self.person_as_head(line, group)
        if self.household is None:
            if self.blocked is None:
                self.no_holder(line)
            elif line.state == "used":
                line.state, line.why = "refused", f"waits on row {self.blocked.number}"
            return []
        self.household.lines.append(line)
        if self.household.held_back is not None and line.state == "used":
            line.state, line.why = "refused", f"waits on row {self.household.held_back.number}"
        self.further(line)
        return [self.household]

    def person_opens(self, line: Line) -> bool:
        """On a sheet of persons without a column of holders the head of the household opens it."""
        layout = line.sheet.layout
        assert layout is not None
        return "holder" not in layout.columns and line.says("member") and _role(line.text("relation")) == "head"

    def person_as_head(self, line: Line, group: str) -> list[Household]:
        said_name = cells.name(line.text("member"))
        number = self.id_number(line, "member_id")
        return self.take(line, [Said(said_name or "", "household", None, number, group=self.group(line, group))])

    def no_holder(self, line: Line) -> None:
        self.report(
            "no_holder", line, "holder",
            Text("本行没有权利人，上面也没有可沿用的户。", "the row names no holder, and no household stands above it."),
            Text("写上户主姓名或户编码。", "Write the name of the holder or the household code."),
        )  # fmt: skip

    def new_holders(self, line: Line, group: str) -> list[Household]:
        found = cells.names(line.text("holder"))
        if not found and line.says("household_code"):
            known = self.reading.people.by_code(cells.code(line.text("household_code")) or "")
            found = [known.said.name] if known else []
        if not found:
            self.stop()
            self.blocked = line
            self.no_holder(line)
            return []
        whole = cells.name(line.text("holder")) or ""
        if len(found) > 1 and _body_kind(whole):
            found = [whole]
        return self.take(line, self.sayings(line, found, self.group(line, group)))

    def take(self, line: Line, sayings: list[Said]) -> list[Household]:
        village = self.village(line)
        self.first, self.household, self.blocked = line, None, line
        if village is None:
            return []
        made = [h for h in (self.reading.people.holder(line, village, s) for s in sayings) if h is not None]
        self.household = made[0] if len(made) == len(sayings) else None
        if line.state == "refused":
            for h in made:
                h.held_back = h.held_back or line
        elif len(made) == len(sayings):
            for h in made:
                h.held_back = None
                self.family(line, h)
        return made if len(made) == len(sayings) else []

    def village(self, line: Line) -> str | None:
        said = cells.code(line.text("village_code"))
        code = said[:12] if said else self.reading.villages.get(cells.word(line.text("village"))) if line.says("village") else None
        code = code or line.sheet.village
        if code is None:
            self.report(
                "no_village", line, "village",
                Text("工作表“{s}”没有村代码，编码中也看不出。", "sheet '{s}' has no village code and its codes show none.").fill(
                    s=line.sheet.name
                ),
                Text(
                    "加一列村代码，或在对照文件的 villages 里写明。",
                    "Add a column with the village code, or name it in `villages` of a mapping.",
                ),
            )  # fmt: skip
        return code

    def group(self, line: Line, heading: str) -> str:
        return cells.word(line.text("group")) or heading

    def sayings(self, line: Line, found: list[str], group: str) -> list[Said]:
        kinds = [self.party_kind(line, n, len(found)) for n in found]
        numbers = self.numbers(line, found, kinds)
        if len(found) > 1:
            return [Said(n, k, None, *pair, group=group) for n, k, pair in zip(found, kinds, numbers, strict=True)]
        code = self.code(line, "household_code", 18)
        members = self.members(line)
        said = Said(found[0], kinds[0], code, *numbers[0], group=group, members=members)
        said.account, said.phone = self.account(line), self.phone(line)
        return [said]

    def further(self, line: Line) -> None:
        """A row below the first may still bring an account or a telephone; merged cells repeat what is known."""
        household = self.household
        assert household is not None
        for column, read in (("account", self.account), ("phone", self.phone)):
            if line.says(column) and line.kind(column) != "v" and household.said.__getattribute__(column) is None:
                value = read(line)
                if value is not None:
                    self.reading.people.add_contact(household, line, column, value)

    def party_kind(self, line: Line, said: str, holders: int) -> str:
        told = cells.word(line.text("holder_kind"))
        if told:
            kind = _word_kind(told, self.reading.mapping.parties, _PARTIES)
            if kind is not None:
                return kind
            self.reading.wrong(
                line,
                "holder_kind",
                Text("农户、个人、集体、企业、国有单位之一", "household, person, collective, company or unit of state"),
            )
        return _body_kind(said) or ("household" if holders == 1 else "person")

    def numbers(self, line: Line, found: list[str], kinds: list[str]) -> list[tuple[str | None, str | None]]:
        """Return (identity number, credit code) of each holder of the row."""
        if not line.says("id_number") or line.kind("id_number") == "v":
            return [(None, None)] * len(found)
        if len(found) == 1:
            if kinds[0] not in ("household", "person"):
                return [(None, self.credit_code(line))]
            return [(self.id_number(line, "id_number"), None)]
        parts = [p for p in re.split(r"[、,;/\s]+", cells.plain(line.text("id_number"))) if p]
        if len(parts) != len(found):
            wanted = Text("{n} 个身份证号，用顿号隔开", "{n} identity numbers, parted by commas").fill(n=len(found))
            self.reading.wrong(line, "id_number", wanted, "id_number")
            return [(None, None)] * len(found)
        return [(self.one_id(line, "id_number", p, "s"), None) for p in parts]

    def id_number(self, line: Line, column: str) -> str | None:
        if not line.says(column):
            return None
        return self.one_id(line, column, line.text(column), line.kind(column))

    def one_id(self, line: Line, column: str, text: str, kind: str) -> str | None:
        if cells.is_damaged(text, kind, 18) or line.number in self.reading.cut[column]:
            self.damaged(line, column)
            return None
        found = identity.id_number(cells.code(text) or "")
        if found.problem is not None:
            if cells.ends_cut(cells.code(text) or ""):
                self.damaged(line, column)
                return None
            clash = Text("身份证号 {v} {p}", "the identity number {v} {p}").fill(v=identity.masked(text), p=found.problem.clash)
            self.report("id_number", line, column, clash, Text("对照身份证改正。", "Correct it from the card."))
            return None
        if found.old:
            self.report(
                "old_id_number", line, column,
                Text(
                    "身份证号 {v} 是 15 位旧号，已换算为 18 位。",
                    "the identity number {v} has 15 digits; it was turned into 18.",
                ).fill(v=identity.masked(text)),
                Text("对照新证核实。", "Verify it from the new card."), "warning",
            )  # fmt: skip
        return found.number

    def credit_code(self, line: Line) -> str | None:
        said = cells.code(line.text("id_number")) or ""
        problem = identity.error_of("credit_code", said)
        if problem is None:
            return said
        if cells.is_damaged(said, line.kind("id_number"), 18):
            self.damaged(line, "id_number")
            return None
        clash = Text("统一社会信用代码 {v} {p}", "the social credit code {v} {p}").fill(v=said[:60], p=problem.clash)
        self.report("credit_code", line, "id_number", clash, Text("对照证照改正。", "Correct it from the certificate."))
        return None

    def damaged(self, line: Line, column: str) -> None:
        self.report(
            "damaged_by_excel", line, column,
            Text(
                "“{v}”被表格软件损坏：超过 15 位的数字只剩前 15 位。",
                "'{v}' was damaged by a spreadsheet: of a number only its first 15 digits are left.",
            ).fill(v=self.reading.said(line, column)),
            Text(
                "把该列设为文本，从原件重新录入，再导出；补零不能复原。",
                "Set the column to text, enter it anew from the document and export again; it cannot be restored.",
            ),
        )  # fmt: skip

    def code(self, line: Line, column: str, digits: int) -> str | None:
        if not line.says(column):
            return None
        if cells.is_damaged(line.text(column), line.kind(column), digits):
            self.damaged(line, column)
            return None
        return cells.code(line.text(column))

    def members(self, line: Line) -> int | None:
        for column in ("members", "family"):
            if not line.says(column) or line.kind(column) == "v":
                continue
            try:
                return cells.whole(line.text(column))
            except cells.Unreadable as exc:
                if column == "members":
                    self.reading.wrong(line, column, exc.wanted)
        return None

    def account(self, line: Line) -> str | None:
        if not line.says("account") or line.kind("account") == "v":
            return None
        text = line.text("account")
        if cells.is_damaged(text, line.kind("account"), 19):
            self.damaged(line, "account")
            return None
        found = re.findall(r"[A-Z]{0,4}\d{6,32}", re.sub(r"[\s-]", "", cells.plain(text)).upper())
        if len(found) != 1:
            wanted = Text("一个账号", "one account number")
            self.reading.wrong(line, "account", wanted, "account")
            return None
        problem = problem_of("account", found[0])
        if problem is not None and cells.ends_cut(found[0]):
            self.damaged(line, "account")
            return None
        if problem is not None:
            clash = Text("银行账号 {v} {p}", "the account {v} {p}").fill(v=identity.masked(found[0]), p=problem.clash)
            self.report("account", line, "account", clash, problem.remedy, problem.severity)
        return str(found[0])

    def phone(self, line: Line) -> str | None:
        if not line.says("phone") or line.kind("phone") == "v":
            return None
        digits = re.sub(r"[\s()+-]", "", cells.plain(line.text("phone")))
        first = re.split(r"[/、,;]", digits)[0].removeprefix("86") if len(digits) > 12 else digits
        if re.fullmatch(r"1\d{10}|0?\d{7,11}", first):
            return first
        self.report(
            "phone", line, "phone",
            Text("电话 {v} 不像电话号码。", "the telephone {v} does not look like one.").fill(v=identity.masked(digits)),
            Text("核对后改正；电话未收入。", "Check and correct it; it was left out."), "warning",
        )  # fmt: skip
        return None

    # ------------------------------------------------------------ members
    def member(self, line: Line, household: Household) -> None:
        if not line.says("member") or line.kind("member") == "v":
            return
        said = cells.name(line.text("member"))
        if said is None:
            return
        number = self.id_number(line, "member_id") if line.kind("member_id") != "v" else None
        role = _role(line.text("relation"))
        if role is None:
            self.reading.wrong(
                line, "relation", Text("与户主的关系，如 配偶、长子、母亲", "a relation such as spouse, son, mother")
            )
            role = "other"
        if said == household.said.name and role == "other":
            role = "head"
        self.reading.people.member(line, household, Person(said, role, number, line))

    def family(self, line: Line, household: Household) -> None:
        """Members given as a list of names in one cell of the household's row."""
        for column, role in (("family", "other"), ("co_owners", "co_owner")):
            if (
                not line.says(column)
                or line.kind(column) == "v"
                or re.fullmatch(r"\d+(\.0)?[人口]?", cells.word(line.text(column)))
            ):
                continue
            if cells.is_joint(line.text(column)) or cells.is_by_share(line.text(column)):
                continue
            for said in cells.names(re.sub(r"[(（][^)）]*[)）]", "", line.text(column))):
                own = "head" if said == household.said.name else role
                self.reading.people.member(line, household, Person(said, own, None, line))

    # ------------------------------------------------------------ what
    def carries_parcel(self, line: Line) -> bool:
        """A co-owner below the first may leave parcel and area blank and state his share only."""
        return self.parcel_line is not None and line.says("share") and line.says("holder") and line.kind("share") != "v"

    def right(self, line: Line, holders: list[Household], above: Line | None = None) -> None:
        source = above or line
        parcel, unit_code = self.parcel(source, line)
        if parcel is None:
            return
        self.parcel_line = source
        share = self.shares(line, len(holders))
        kind = self.kind(line, holders[0])
        start, end = self.dates(line)
        papers = [self.paper(line, c) for c in ("contract_no", "certificate_no")]
        area = self.area(source)
        if kind is None or share is _BAD:
            self.reading.spoiled.add(parcel)
            return
        for i, holder in enumerate(holders):
            own = None if share is None else share[i]  # type: ignore[index]
            self.reading.claims.append(Claim(line, parcel, unit_code, kind, holder, own, start, end, papers[0], papers[1], area))

    def parcel(self, line: Line, told: Line) -> tuple[str | None, str | None]:
        code = self.code(line, "parcel", 19)
        unit = self.code(line, "unit_code", 28)
        if line.state == "refused" and line.why == "sheets.damaged_by_excel" and code is None:
            return None, None
        if code is not None and unit is None and len(code) == 28:
            code, unit = code[:19], code
        for said, column in ((unit, "unit_code"), (code if code and _GB_PARCEL.match(code) else None, "parcel")):
            if said is None or (problem := identity.error_of("unit_code" if said is unit else "parcel_code", said)) is None:
                continue
            at = column if line.says(column) else "parcel"
            clash = Text("{c}“{v}”{p}", "the {c} '{v}' {p}").fill(c=meaning(at), v=said[:60], p=problem.clash)
            self.report("unit_code" if said is unit else "parcel_code", told, at, clash, problem.remedy)
            return None, None
        code = code or (unit[:19] if unit else None)
        if code is None:
            self.report(
                "no_parcel", told, "parcel",
                Text("有面积却没有地块编码。", "there is an area but no parcel code."),
                Text("写上地块编码（宗地代码）。", "Write the parcel code."),
            )  # fmt: skip
        return code, unit

    def shares(self, line: Line, holders: int) -> Any:
        text = line.text("share")
        joint = cells.is_joint(text) or (not line.says("share") and cells.is_joint(line.text("sharing")))
        if joint:
            return None
        try:
            return cells.shares(text, holders)
        except cells.Unreadable as exc:
            self.reading.wrong(line, "share", exc.wanted, "share")
            return _BAD

    def kind(self, line: Line, holder: Household) -> str | None:
        for column in ("kind", "way"):
            text = cells.word(self.carried(line, column))
            if cells.is_none(text):
                continue
            found = text if text in RIGHT_KINDS else _word_kind(text, self.reading.mapping.rights, _RIGHTS)
            if found is not None:
                return found
            wanted = Text("{k} 之一，或在对照文件的 rights 里写明", "one of {k}, or a word declared in `rights` of a mapping").fill(
                k=Text("、".join(t.zh for t in RIGHT_KINDS.values()), ", ".join(t.en for t in RIGHT_KINDS.values()))
            )
            self.reading.wrong(line, column, wanted, "kind")
            return None
        return _DEFAULT_RIGHT[holder.said.kind]

    def carried(self, line: Line, column: str) -> str:
        """Return a cell, or that of the household's first row where it is blank below it."""
        if line.says(column) or column not in _HOUSEHOLD_CARRIES or self.first is None or self.first.sheet is not line.sheet:
            return line.text(column)
        return self.first.text(column)

    def day(self, line: Line, column: str) -> date | None:
        try:
            return cells.day(self.carried(line, column), line.kind(column))
        except cells.Unreadable as exc:
            self.reading.wrong(line, column, exc.wanted, "date")
            return None

    def dates(self, line: Line) -> tuple[date | None, date | None]:
        start, end = self.day(line, "start"), self.day(line, "end")
        try:
            first, last, years = cells.term(self.carried(line, "term"))
        except cells.Unreadable as exc:
            self.reading.wrong(line, "term", exc.wanted, "date")
            return start, end
        if years is not None and start is not None:
            last = cells.after_years(start, years)
        if start and first and start != first:
            self.dates_clash(line, "term", start, first)
        elif end and last and abs((end - last).days) > 1:
            self.dates_clash(line, "term", end, last)
        start, end = start or first, end or last
        if start and end and end < start:
            self.dates_clash(line, "end", start, end)
        return start, end

    def dates_clash(self, line: Line, column: str, one: date, two: date) -> None:
        self.report(
            "dates", line, column,
            Text("起止日期相互矛盾：{a} 与 {b}。", "the dates of the term clash: {a} and {b}.").fill(a=one, b=two),
            Text("对照合同改正。", "Correct them from the contract."),
        )  # fmt: skip

    def paper(self, line: Line, column: str) -> str | None:
        text = self.carried(line, column)
        if cells.is_none(text):
            return None
        if cells.is_damaged(text, line.kind(column), 19):
            self.damaged(line, column)
            return None
        return cells.code(text)

    def area(self, line: Line) -> int | None:
        assert line.sheet.layout is not None
        for column in ("area", "area_contract"):
            if not line.says(column):
                continue
            try:
                return cells.area_dm2(line.text(column), line.sheet.layout.units.get(column) or line.sheet.unit)
            except cells.Unreadable as exc:
                self.reading.wrong(line, column, exc.wanted)
                return None
        return None


_BAD = object()


def _word_kind(word: str, own: Mapping[str, str], known: tuple[tuple[str, str], ...]) -> str | None:
    if word in own:
        return own[word]
    return next((kind for sign, kind in known if sign in word), None)


def _body_kind(name: str) -> str | None:
    return next((kind for sign, kind in _BODIES if re.search(sign, name)), None)


def _role(text: str) -> str | None:
    """Return the role a relation names; other kin are ``other``; None where it is no word of kinship."""
    said = cells.word(text)
    if cells.is_none(said):
        return "other"
    for sign, role in _ROLES:
        if re.match(sign, said):
            return role
    return "other" if re.fullmatch(r"[\u3400-\u9fff]{1,8}", said) else None
