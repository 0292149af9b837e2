"""What the database itself refuses about units, whoever writes, on SQLite and on PostgreSQL.

A serial lies in one open block (no overlap with another of its instrument), inside the issue that made it; a block is
only ever ended, once, and a retired, cancelled or exported one never; serials go up without reuse; events, issues and
trades stay as they are; of an order only what is open falls. Each insert and end of a block is counted in
`credit_balance`; its gap between made and present units must be zero when the transaction ends.
"""

from __future__ import annotations

from ecocomp.credits.blocks import STATES, TERMINAL
from ecoweb.office import WRITER_LOCK
from ecoweb.records.guards import append_only_sql

_KEPT = ("credit_event", "credit_issue", "credit_trade")
_NAMES = tuple(STATES)
_WAS = ", ".join(f"'{s}'" for s in sorted(TERMINAL))
_BLOCK = (
    "seq",
    "instrument",
    "issue_id",
    "first",
    "last",
    "state",
    "account",
    "lien",
    "purpose",
    "beneficiary",
    "period",
    "made_by_id",
)
_ORDER = ("seq", "order_id", "market", "instrument", "account", "side", "quantity", "price", "event_id")
_MADE = " + ".join(f"NEW.{n}" for n in _NAMES)


def statements(vendor: str) -> list[str]:
    """Return the statements that make the triggers and the one row of `credit_zero`."""
    kept = [s for table in _KEPT for s in append_only_sql(vendor, table)]
    return [*kept, *(_sqlite() if vendor == "sqlite" else _postgres()), *_zero(vendor)]


def dropping(vendor: str) -> list[str]:
    """Return the statements that take them away (only a migration does so)."""
    import re

    found = []
    for s in statements(vendor):
        if m := re.match(r"CREATE TRIGGER (\w+) .*? ON (\w+)", s, re.S):
            found.append(f"DROP TRIGGER IF EXISTS {m[1]}" + (f" ON {m[2]}" if vendor == "postgresql" else ""))
    functions = [f"DROP FUNCTION IF EXISTS {m[1]}()" for s in statements(vendor) if (m := re.match(r"CREATE FUNCTION (\w+)\(", s))]
    return [*found, *functions, "DELETE FROM credit_zero"]


def _zero(vendor: str) -> list[str]:
    row = "INSERT INTO credit_zero (n) VALUES (0)"
    if vendor == "sqlite":
        return [
            row,
            f"CREATE TRIGGER credit_zero_no_delete BEFORE DELETE ON credit_zero BEGIN {_stop('delete credit_zero')}; END",
            f"CREATE TRIGGER credit_zero_no_update BEFORE UPDATE ON credit_zero BEGIN {_stop('update credit_zero')}; END",
        ]
    return [
        row,
        _refusal("credit_zero"),
        "CREATE TRIGGER credit_zero_no_change BEFORE UPDATE OR DELETE ON credit_zero FOR EACH ROW"
        " EXECUTE FUNCTION credit_zero_refuse()",
        "CREATE TRIGGER credit_zero_no_truncate BEFORE TRUNCATE ON credit_zero FOR EACH STATEMENT"
        " EXECUTE FUNCTION credit_zero_refuse()",
    ]


def _counted(row: str, sign: str) -> str:
    """Return the statement that counts a block in its instrument's balance."""
    n = f"({row}.last - {row}.first + 1)"
    sums = ", ".join(f"{s} = {s} {sign} CASE WHEN {row}.state = '{s}' THEN {n} ELSE 0 END" for s in _NAMES)
    back = "-" if sign == "+" else "+"
    return f"UPDATE credit_balance SET {sums}, gap = gap {back} {n} WHERE instrument = {row}.instrument"


_OPENED = (
    "INSERT INTO credit_balance (instrument, minted, {names}, gap) VALUES (NEW.instrument, 0, {zeros}, 0)"
    " ON CONFLICT (instrument) DO NOTHING"
).format(names=", ".join(_NAMES), zeros=", ".join("0" for _ in _NAMES))
_MINTED = (
    "UPDATE credit_balance SET minted = minted + (NEW.last - NEW.first + 1), gap = gap + (NEW.last - NEW.first + 1)"
    " WHERE instrument = NEW.instrument"
)
_HIGHEST = "SELECT max(last) FROM credit_issue WHERE instrument = NEW.instrument AND seq <> NEW.seq"
_NEXT = (
    "SELECT o.first FROM credit_block o WHERE o.instrument = NEW.instrument AND o.ended_by_id IS NULL AND o.seq <> NEW.seq"
    " AND o.last >= NEW.first ORDER BY o.last LIMIT 1"
)
"""First serial of the open block that ends next at or after the new one's first: as open blocks are apart, only it can overlap."""
_INSIDE = (
    "SELECT 1 FROM credit_issue i WHERE i.issue_id = NEW.issue_id AND i.instrument = NEW.instrument"
    " AND i.first <= NEW.first AND i.last >= NEW.last"
)
_BALANCED = f"NEW.gap = NEW.minted - ({_MADE}) AND NEW.instrument = OLD.instrument"


# ---------------------------------------------------------------- SQLite
def _stop(what: str) -> str:
    return f"SELECT RAISE(ABORT, 'ecoweb:{what}')"


def _sqlite() -> list[str]:
    same = " AND ".join(f"OLD.{c} IS NEW.{c}" for c in _BLOCK)
    kept = " AND ".join(f"OLD.{c} IS NEW.{c}" for c in _ORDER)
    wrong = "typeof(NEW.first) <> 'integer' OR typeof(NEW.last) <> 'integer'"
    figures = " OR ".join(f"NEW.{n} <> 0" for n in ("minted", *_NAMES, "gap"))

    def before(table: str, name: str, act: str, when: str, what: str) -> str:
        return f"CREATE TRIGGER {table}_{name} BEFORE {act} ON {table} WHEN {when} BEGIN {_stop(what)}; END"

    return [
        before("credit_issue", "order", "INSERT", f"{wrong} OR NEW.first <= coalesce(({_HIGHEST}), 0)", "overlap credit_issue"),
        f"CREATE TRIGGER credit_issue_minted AFTER INSERT ON credit_issue BEGIN {_OPENED}; {_MINTED}; END",
        before("credit_block", "no_delete", "DELETE", "1", "delete credit_block"),
        before(
            "credit_block", "no_replace", "INSERT", "EXISTS (SELECT 1 FROM credit_block WHERE seq = NEW.seq)", "update credit_block"
        ),
        before("credit_block", "open", "INSERT", f"NEW.ended_by_id IS NOT NULL OR {wrong}", "type credit_block"),
        before("credit_block", "inside", "INSERT", f"NOT EXISTS ({_INSIDE})", "not issued credit_block"),
        before("credit_block", "one", "INSERT", f"coalesce(({_NEXT}) <= NEW.last, 0)", "overlap credit_block"),
        before(
            "credit_block",
            "no_update",
            "UPDATE",
            f"NOT ({same} AND OLD.ended_by_id IS NULL AND NEW.ended_by_id IS NOT NULL)",
            "update credit_block",
        ),
        before("credit_block", "terminal", "UPDATE", f"OLD.state IN ({_WAS})", "terminal credit_block"),
        f"CREATE TRIGGER credit_block_counted AFTER INSERT ON credit_block BEGIN {_counted('NEW', '+')}; END",
        f"CREATE TRIGGER credit_block_left AFTER UPDATE ON credit_block BEGIN {_counted('OLD', '-')}; END",
        before("credit_order", "no_delete", "DELETE", "1", "delete credit_order"),
        before(
            "credit_order", "no_replace", "INSERT", "EXISTS (SELECT 1 FROM credit_order WHERE seq = NEW.seq)", "update credit_order"
        ),
        before("credit_order", "no_update", "UPDATE", f"NOT ({kept} AND NEW.open < OLD.open)", "update credit_order"),
        before("credit_balance", "no_delete", "DELETE", "1", "delete credit_balance"),
        before("credit_balance", "begins", "INSERT", figures, "update credit_balance"),
        before("credit_balance", "adds_up", "UPDATE", f"NOT ({_BALANCED})", "update credit_balance"),
    ]


# ---------------------------------------------------------------- PostgreSQL
def _refusal(table: str) -> str:
    return (
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" RAISE EXCEPTION 'ecoweb:% {table}', lower(TG_OP); END $$"
    )


def _function(name: str, body: str, back: str = "NEW") -> str:
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN {back}; END $$"


def _if(condition: str, what: str) -> str:
    return f"IF {condition} THEN RAISE EXCEPTION 'ecoweb:{what}'; END IF;"


def _trigger(table: str, name: str, when: str, each: str = "ROW") -> str:
    return f"CREATE TRIGGER {table}_{name} {when} ON {table} FOR EACH {each} EXECUTE FUNCTION {table}_{name}()"


def _postgres() -> list[str]:
    same = " AND ".join(f"OLD.{c} IS NOT DISTINCT FROM NEW.{c}" for c in _BLOCK)
    kept = " AND ".join(f"OLD.{c} IS NOT DISTINCT FROM NEW.{c}" for c in _ORDER)
    figures = " OR ".join(f"NEW.{n} <> 0" for n in ("minted", *_NAMES, "gap"))
    lock = (
        " IF current_setting('transaction_isolation') <> 'read committed' THEN RAISE EXCEPTION 'ecoweb:isolation credits'; END IF;"
        f" PERFORM pg_advisory_xact_lock({WRITER_LOCK});"
    )
    made: list[str] = []
    for table in ("credit_issue", "credit_block", "credit_order"):
        made += [_function(f"{table}_lock", lock, "NULL"), _trigger(table, "lock", "BEFORE INSERT OR UPDATE", "STATEMENT")]
    for table in ("credit_block", "credit_order", "credit_balance"):
        made += [
            _refusal(table),
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_refuse()",
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()",
        ]
    new = (
        _if("NEW.ended_by_id IS NOT NULL", "type credit_block")
        + _if(f"NOT EXISTS ({_INSIDE})", "not issued credit_block")
        + _if(f"({_NEXT}) <= NEW.last", "overlap credit_block")
        + f" {_counted('NEW', '+')};"
    )
    ends = (
        _if(f"NOT ({same} AND OLD.ended_by_id IS NULL AND NEW.ended_by_id IS NOT NULL)", "update credit_block")
        + _if(f"OLD.state IN ({_WAS})", "terminal credit_block")
        + f" {_counted('OLD', '-')};"
    )
    issued = _if(f"NEW.first <= coalesce(({_HIGHEST}), 0)", "overlap credit_issue") + f" {_OPENED}; {_MINTED};"
    made += [
        _function("credit_issue_minted", issued),
        _trigger("credit_issue", "minted", "AFTER INSERT"),
        _function("credit_block_new", new),
        _trigger("credit_block", "new", "AFTER INSERT"),
        _function("credit_block_ends", ends),
        _trigger("credit_block", "ends", "AFTER UPDATE"),
        _function("credit_order_no_update", _if(f"NOT ({kept} AND NEW.open < OLD.open)", "update credit_order")),
        _trigger("credit_order", "no_update", "BEFORE UPDATE"),
        _function("credit_balance_begins", _if(figures, "update credit_balance")),
        _trigger("credit_balance", "begins", "BEFORE INSERT"),
        _function("credit_balance_adds_up", _if(f"NOT ({_BALANCED})", "update credit_balance")),
        _trigger("credit_balance", "adds_up", "BEFORE UPDATE"),
    ]
    return made
