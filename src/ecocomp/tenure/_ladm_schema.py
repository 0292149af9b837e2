"""The classes and attributes of the exchange form, as data: what each is, which column of a register it carries, its type.

ISO 19152 (LADM) names classes, attributes and their meaning; it defines no encoding in a file. The form, the attributes
under `ec…` and the classes `EC_…` are this project's profile. Types of values:

    text      string                          code:NAME  a code of a list of `terms.codes`
    int       whole number                    fen        money as text with two places, ``"1234.50"``
    date      ``2019-03-01``                  moment     ``2026-11-22T07:00:00.000000Z``
    area      m2 as text with two places, ``"189.60"`` (whole dm2)
    hex       bytes as hexadecimal digits     sha256     64 hexadecimal digits

`share` is an object of two whole numbers; `timeSpec` is the interval of valid time, ``2019-03-01/..`` where it is open;
`beginLifespanVersion` and `endLifespanVersion` are the moments between which the row was what the office knew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ecocomp.terms import codes
from ecocomp.terms.text import Text

PROFILE = "ecocomp-ladm/1"
MODEL = "ISO 19152 LADM"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute: name in the form, column of the register, type, whether it may be absent, whether it is sensitive."""

    name: str
    column: str
    type: str
    optional: bool = False
    personal: bool = False


@dataclass(frozen=True, slots=True)
class LadmClass:
    """One class: the register its rows come from, its attributes in the order they are written, meaning.

    only      kinds of the row (column `kind`) that are of this class; empty: all
    derived   attributes that follow from the columns and are checked on import: name -> how (see `ladm`)
    versioned whether rows carry both clocks
    """

    name: str
    register: str
    meaning: Text
    attributes: tuple[Attribute, ...]
    only: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()
    versioned: bool = True


def _a(name: str, column: str, type: str = "text", optional: bool = False, personal: bool = False) -> Attribute:
    return Attribute(name, column, type, optional, personal)


_PARTY = (
    _a("pID", "party_id"),
    _a("name", "name"),
    _a("extPID", "credit_code", optional=True),
    _a("ecKind", "kind", "code:PARTY_KINDS"),
    _a("ecRegion", "region_code"),
    _a("ecMembers", "members", "int", True),
    _a("ecIncome", "income_fen", "fen", True),
    _a("ecIDNumber", "id_number", optional=True, personal=True),
    _a("ecAccount", "account", optional=True, personal=True),
    _a("ecPhone", "phone", optional=True, personal=True),
)
_SHARE = (_a("share.numerator", "share_num", "int"), _a("share.denominator", "share_den", "int"))
_SHARE_OPTIONAL = tuple(Attribute(a.name, a.column, a.type, True) for a in _SHARE)

CLASSES: tuple[LadmClass, ...] = (
    LadmClass(
        "LA_AdministrativeSource", "source", Text("行政文件", "administrative source"),
        (
            _a("sID", "source_id"), _a("type", "kind", "code:SOURCE_KINDS"), _a("text", "title"),
            _a("acceptance", "dated", "date", True), _a("extArchiveID", "sha256", "sha256", True), _a("ecNumber", "number"),
            _a("ecIssuer", "issuer"),
        ),
        derived=("recordation",),
    ),
    LadmClass(
        "LA_SpatialSource", "edition", Text("测绘成果（图层版次）", "spatial source (an edition of a layer)"),
        (
            _a("sID", "edition_id"), _a("type", "kind", "code:EDITION_KINDS"), _a("text", "title"),
            _a("acceptance", "adopted_on", "date", True), _a("extArchiveID", "fingerprint", "sha256"), _a("ecNumber", "document"),
            _a("ecIssuer", "authority"), _a("ecRegion", "region_code"), _a("ecPath", "path"), _a("ecRows", "rows", "int"),
            _a("ecArea", "area_dm2", "area"), _a("ecSourceName", "source_name"), _a("ecSourceSHA256", "source_sha256", "sha256"),
        ),
        derived=("recordation",),
    ),
    LadmClass("LA_Party", "party", Text("主体", "party"), _PARTY, only=("person", "company", "collective", "state_unit", "bank"),
              derived=("type", "role")),
    LadmClass("LA_GroupParty", "party", Text("户与共有人组", "household, or group of owners"), _PARTY, only=("household", "group"),
              derived=("type", "role", "groupType")),
    LadmClass(
        "LA_PartyMember", "member", Text("成员", "member of a group"),
        (_a("group", "group_id"), _a("party", "member_id"), _a("ecRole", "role", "code:MEMBER_ROLES"), *_SHARE_OPTIONAL),
    ),
    LadmClass(
        "LA_Right", "tenure", Text("权利", "right"),
        (
            _a("rID", "right_id"), _a("type", "kind", "code:RIGHT_KINDS"), _a("party", "holder_id"), *_SHARE,
            _a("source", "source_id", optional=True), _a("description", "document"), _a("ecSuID", "parcel_id"),
            _a("ecUnitCode", "unit_code", optional=True), _a("ecState", "state", "code:RIGHT_STATES"),
            _a("ecBasis", "basis", optional=True), _a("ecTermTo", "term_to", "date", True),
        ),
        derived=("unit",),
    ),
    LadmClass(
        "LA_Responsibility", "duty", Text("义务（补偿合同）", "responsibility (compensation contract)"),
        (
            _a("rID", "contract_id"), _a("party", "holder_id"), _a("description", "duty"), _a("source", "source_id", optional=True),
            _a("ecSuID", "parcel_id"), _a("ecProgramme", "programme"), _a("ecSignedOn", "signed_on", "date"),
        ),
        derived=("type", "unit"),
    ),
    LadmClass(
        "LA_Restriction", "restriction", Text("限制", "restriction"),
        (
            _a("rID", "restriction_id"), _a("type", "kind", "code:RESTRICTION_KINDS"), _a("description", "name"),
            _a("ecSuID", "parcel_id", optional=True), _a("ecLevel", "edition_id", optional=True),
            _a("ecCategory", "category", optional=True), _a("ecReason", "reason"), _a("ecAuthority", "authority"),
            _a("ecDocument", "document"), _a("ecAdoptedOn", "adopted_on", "date", True),
        ),
        derived=("partyRequired", "unit"),
    ),
    LadmClass(
        "LA_Mortgage", "mortgage", Text("抵押", "mortgage"),
        (
            _a("rID", "mortgage_id"), _a("right", "right_id"), _a("party", "creditor_id"), _a("amount", "amount_fen", "fen"),
            _a("ranking", "rank", "int"), _a("description", "document"),
        ),
        derived=("amountCurrency",),
    ),
    LadmClass(
        "EC_Dispute", "dispute", Text("权属争议（本项目的类）", "dispute (a class of this project)"),
        (
            _a("dID", "dispute_id"), _a("ecSuID", "parcel_id"), _a("party", "claimant_id"),
            _a("state", "state", "code:DISPUTE_STATES"), _a("description", "claim"), _a("ecDocument", "document"),
        ),
    ),
    LadmClass(
        "EC_Region", "region", Text("行政区划（本项目的类）", "region (a class of this project)"),
        (
            _a("regionCode", "region_code"), _a("name", "name"), _a("level", "level", "int"),
            _a("parentCode", "parent_code", optional=True), _a("listEdition", "list_edition"),
        ),
    ),
    LadmClass(
        "EC_RegionChange", "region_change", Text("区划变更（本项目的类）", "change of regions (a class of this project)"),
        (
            _a("fromCode", "from_code"), _a("toCode", "to_code"), _a("type", "kind", "code:REGION_CHANGES"),
            _a("evidence", "evidence"), _a("ecDocument", "document", optional=True),
        ),
    ),
)  # fmt: skip
SPATIAL_UNIT = LadmClass(
    "LA_SpatialUnit", "spatial_unit", Text("空间单元（地块）", "spatial unit (parcel)"),
    (
        _a("suID", "parcel_id"), _a("level", "edition_id"), _a("ecVillage", "village_code", optional=True),
        _a("ecLandClass", "land_class", optional=True), _a("area", "area_dm2", "area"), _a("geometry", "geometry", "hex", True),
    ),
    derived=("areaType",), versioned=False,
)  # fmt: skip
DERIVED_CLASSES: dict[str, Text] = {
    "LA_BAUnit": Text(
        "基本管理单元（不动产单元，或每个地块一个）", "basic administrative unit (real-estate unit, or one per parcel)"
    ),
    "LA_Level": Text("图层", "level"),
}
REFERENCES: tuple[tuple[str, str, str, str], ...] = (
    ("member", "group_id", "party", "party_id"),
    ("member", "member_id", "party", "party_id"),
    ("tenure", "holder_id", "party", "party_id"),
    ("tenure", "source_id", "source", "source_id"),
    ("tenure", "basis", "tenure", "right_id"),
    ("duty", "holder_id", "party", "party_id"),
    ("duty", "source_id", "source", "source_id"),
    ("restriction", "edition_id", "edition", "edition_id"),
    ("mortgage", "right_id", "tenure", "right_id"),
    ("mortgage", "creditor_id", "party", "party_id"),
    ("dispute", "claimant_id", "party", "party_id"),
)
"""(register, column, register it points at, column there)."""

PARTY_TYPE = {"person": "naturalPerson", "household": "group", "group": "group"}
PARTY_ROLE = {"household": "farmer", "bank": "bank", "state_unit": "stateAdministrator", "person": "citizen"}
GROUP_TYPE = {"household": "family", "group": "association"}
LEVEL_TYPE = {"parcel": "primaryRight"}
"""Values of the standard's own code lists (LA_PartyType, LA_PartyRoleType, LA_GroupPartyType, LA_LevelContentType)."""

CODE_LISTS = ("PARTY_KINDS", "MEMBER_ROLES", "RIGHT_KINDS", "RIGHT_STATES", "RESTRICTION_KINDS", "SOURCE_KINDS", "EDITION_KINDS",
              "DISPUTE_STATES", "REGION_CHANGES")  # fmt: skip

PATTERNS: dict[str, str] = {
    "text": "", "int": "", "date": r"^\d{4}-\d{2}-\d{2}$", "moment": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$",
    "fen": r"^-?\d{1,16}\.\d{2}$", "area": r"^\d{1,16}\.\d{2}$", "hex": r"^([0-9a-f]{2})*$", "sha256": r"^[0-9a-f]{64}$",
    "interval": r"^\d{4}-\d{2}-\d{2}/(\d{4}-\d{2}-\d{2}|\.\.)$",
}  # fmt: skip


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of one line of the form."""
    defs: dict[str, Any] = {"header": _header(), "trailer": _trailer()}
    for spec in (*CLASSES, SPATIAL_UNIT):
        defs[spec.name] = _class_schema(spec)
    defs["LA_BAUnit"] = _object(
        {"class": {"const": "LA_BAUnit"}, "uID": _text(), "type": {"const": "basicPropertyUnit"},
         "spatialUnits": {"type": "array", "items": _text(), "minItems": 1}}, ("class", "uID", "type", "spatialUnits"),
    )  # fmt: skip
    defs["LA_Level"] = _object(
        {"class": {"const": "LA_Level"}, "lID": _text(), "type": {"enum": ["primaryRight", "restriction"]},
         "structure": {"const": "polygon"}}, ("class", "lID", "type", "structure"),
    )  # fmt: skip
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{PROFILE}: one line of a .ladm.jsonl file",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in defs],
        "$defs": defs,
    }


def _class_schema(spec: LadmClass) -> dict[str, Any]:
    properties: dict[str, Any] = {"class": {"const": spec.name}}
    required = ["class"]
    for attribute in spec.attributes:
        head, _, part = attribute.name.partition(".")
        if part:
            number = {"type": "integer", "minimum": 1}
            properties[head] = _object({"numerator": number, "denominator": number}, ("numerator", "denominator"))
        else:
            properties[head] = _value_schema(attribute, spec)
        if not attribute.optional and head not in required:
            required.append(head)
    for name in spec.derived:
        properties[name] = _DERIVED.get(name, _text())
        if name in _ALWAYS:
            required.append(name)
    if spec.versioned:
        properties |= {n: {"type": "string", "pattern": PATTERNS[t]} for n, t in _CLOCKS.items()}
        required += ["timeSpec", "beginLifespanVersion"]
    return _object(properties, tuple(required))


_CLOCKS = {"timeSpec": "interval", "beginLifespanVersion": "moment", "endLifespanVersion": "moment"}
_DERIVED: dict[str, Any] = {
    "recordation": {"type": "string", "pattern": PATTERNS["date"]}, "partyRequired": {"const": False},
    "amountCurrency": {"const": "CNY"}, "areaType": {"const": "calculatedArea"},
}  # fmt: skip
_ALWAYS = ("recordation", "amountCurrency", "areaType", "partyRequired")


def _value_schema(attribute: Attribute, spec: LadmClass) -> dict[str, Any]:
    kind, _, name = attribute.type.partition(":")
    if kind == "code":
        known = list(getattr(codes, name))
        return {"enum": [k for k in known if not spec.only or k in spec.only] if attribute.column == "kind" else known}
    if kind == "int":
        return {"type": "integer"}
    return {"type": "string"} | ({"pattern": PATTERNS[kind]} if PATTERNS[kind] else {})


def _header() -> dict[str, Any]:
    lists = {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": _text()}}
    return _object(
        {"class": {"const": "header"}, "model": {"const": MODEL}, "profile": {"const": PROFILE}, "crs": _text(),
         "madeOn": {"type": "string", "pattern": PATTERNS["date"]}, "personal": {"type": "boolean"}, "codeLists": lists},
        ("class", "model", "profile", "crs", "madeOn", "personal", "codeLists"),
    )  # fmt: skip


def _trailer() -> dict[str, Any]:
    counts = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}
    sha = {"type": "string", "pattern": PATTERNS["sha256"]}
    return _object({"class": {"const": "trailer"}, "counts": counts, "sha256": sha}, ("class", "counts", "sha256"))


def _object(properties: dict[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _text() -> dict[str, Any]:
    return {"type": "string"}
