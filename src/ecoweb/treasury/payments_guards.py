"""What the database itself refuses of payments, whoever writes: a step left out, a row paid twice, one person in two roles.

SQLite: triggers for each row. PostgreSQL: triggers per statement over the new rows for the large tables, so that a million
moves are checked as a set, and per row for steps. A rule is broken with the words `ecoweb:` + what + table, which
`ecoweb.treasury.payments` turns into sentences.

The rules: a row's moves follow each other (`n`, `from_state`) along `flow.MOVES`; it enters a batch with a slip of that batch,
is sent only once its batch was released, and `pay_state` follows. A slip needs a row that is ready, whose sources add up to
its amount, in a line of its payee, before the batch is made. A step follows the step before it, bears the digest of its
batch and is taken by a person who took no step of another role; lines are approved only when they are the sum of their rows.
"""

from __future__ import annotations

from ecocomp.payments.flow import MOVES, STEPS
from ecoweb.office import WRITER_LOCK

_MOVES = ", ".join(f"'{a}>{b}'" for a, b in sorted(MOVES))
_NEXT = {a: sorted(b for x, b in MOVES if x == a) for a in sorted({a for a, _ in MOVES})}
_BEFORE = "CASE {n}.step " + " ".join(f"WHEN '{s}' THEN '{b}'" for s, (b, _, _) in STEPS.items()) + " END"
_ROLE = "CASE {n}.step " + " ".join(f"WHEN '{s}' THEN '{r}'" for s, (_, r, _) in STEPS.items()) + " END"


def statements(vendor: str) -> list[str]:
    """Return the statements that make the triggers."""
    return _sqlite() if vendor == "sqlite" else _postgres()


def dropping(vendor: str) -> list[str]:
    """Return the statements that drop them."""
    made = statements(vendor)
    names = [s.split()[2].removesuffix("()") for s in made if s.startswith("CREATE TRIGGER")]
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {n}" for n in names]
    tables = [s.split(" ON ", 1)[1].split()[0] for s in made if s.startswith("CREATE TRIGGER")]
    functions = [s.split()[2] for s in made if s.startswith("CREATE FUNCTION")]
    drops = [f"DROP TRIGGER IF EXISTS {n} ON {t}" for n, t in zip(names, tables, strict=True)]
    return [*drops, *(f"DROP FUNCTION IF EXISTS {f}" for f in functions)]


# ---------------------------------------------------------------- conditions both databases share
def _moves_on(e: str, s: str) -> str:
    """Return whether event `e` follows the state `s` of its row (null: it has none yet)."""
    first = f"({s}.row IS NULL AND {e}.n = 1 AND {e}.from_state = '' AND {e}.to_state IN ('ready', 'held'))"
    then = f"({s}.row IS NOT NULL AND {e}.n = {s}.n + 1 AND {e}.from_state = {s}.state"
    return f"({first} OR {then} AND {e}.from_state || '>' || {e}.to_state IN ({_MOVES})))"


def _batched(e: str, s: str) -> str:
    """Return whether an event that concerns a batch is backed by it: a slip, a release, a cancellation, the batch it is in."""
    slip = f"EXISTS (SELECT 1 FROM pay_slip p WHERE p.batch = {e}.batch AND p.row = {e}.row)"
    step = "EXISTS (SELECT 1 FROM pay_step t WHERE t.batch = {e}.batch AND t.step = '{step}')"
    return (
        f"CASE WHEN {e}.to_state = 'in_file' THEN {e}.batch IS NOT NULL AND {slip}"
        f" WHEN {e}.to_state = 'sent' THEN {e}.batch = {s}.batch AND {step.format(e=e, step='released')}"
        f" WHEN {e}.from_state = 'in_file' AND {e}.to_state = 'ready' THEN {step.format(e=s, step='cancelled')}"
        f" WHEN {e}.to_state = 'paid' OR {e}.to_state = 'failed' OR {e}.to_state = 'unknown' THEN {e}.batch = {s}.batch"
        f" ELSE 1 = 1 END"
    )


def _slip_fits(p: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM pay_state s WHERE s.row = {p}.row AND s.state = 'ready')"
        f" AND (SELECT coalesce(sum(x.amount_fen), 0) FROM pay_source x WHERE x.row = {p}.row)"
        f" = (SELECT r.amount_fen FROM pay_row r WHERE r.seq = {p}.row)"
        f" AND EXISTS (SELECT 1 FROM pay_line l JOIN pay_row r ON r.seq = {p}.row"
        f" WHERE l.batch = {p}.batch AND l.no = {p}.line AND l.payee_id = r.payee_id)"
        f" AND NOT EXISTS (SELECT 1 FROM pay_step t WHERE t.batch = {p}.batch)"
    )


def _step_wrong(n: str) -> str:
    before, role = _BEFORE.format(n=n), _ROLE.format(n=n)
    return (
        f"({before}) <> '' AND NOT EXISTS (SELECT 1 FROM pay_step t WHERE t.batch = {n}.batch AND t.step = ({before}))"
        f" OR EXISTS (SELECT 1 FROM pay_step t WHERE t.batch = {n}.batch AND t.step IN ('cancelled', 'archived'))"
        f" OR {n}.step = 'cancelled' AND EXISTS (SELECT 1 FROM pay_step t WHERE t.batch = {n}.batch AND t.step = 'released')"
        f" OR {n}.role <> ({role})"
    )


def _step_person(n: str) -> str:
    return (
        f"{n}.role <> '' AND EXISTS (SELECT 1 FROM pay_step t WHERE t.batch = {n}.batch AND t.role <> '' AND t.role <> {n}.role"
        f" AND (t.person_id IN ({n}.person_id, {n}.for_person) OR t.for_person <> '' AND t.for_person IN ({n}.person_id, {n}.for_person)))"  # noqa: E501
    )


def _step_digest(n: str) -> str:
    return f"{n}.digest <> (SELECT b.digest FROM pay_batch b WHERE b.seq = {n}.batch)"


def _line_sums(n: str) -> str:
    """Return whether, when a batch is approved, a line is not the sum of its rows, or the batch not that of its lines."""
    return (
        f"{n}.step = 'approved' AND (EXISTS (SELECT 1 FROM pay_line l WHERE l.batch = {n}.batch AND l.amount_fen <>"
        f" (SELECT coalesce(sum(r.amount_fen), 0) FROM pay_slip p JOIN pay_row r ON r.seq = p.row"
        f" WHERE p.batch = l.batch AND p.line = l.no))"
        f" OR (SELECT b.sum_fen FROM pay_batch b WHERE b.seq = {n}.batch)"
        f" <> (SELECT sum(l.amount_fen) FROM pay_line l WHERE l.batch = {n}.batch))"
    )


def _reissue_wrong(n: str) -> str:
    return (
        f"{n}.kind = 'reissue' AND NOT EXISTS (SELECT 1 FROM pay_row o JOIN pay_state s ON s.row = o.seq"
        f" WHERE o.seq = {n}.original AND o.amount_fen = {n}.amount_fen AND s.state IN ('failed', 'reissued'))"
    )


# ---------------------------------------------------------------- SQLite
def _raise(what: str, table: str) -> str:
    return f"SELECT RAISE(ABORT, 'ecoweb:{what} {table}')"


def _before(name: str, table: str, wrong: str, what: str) -> str:
    return f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN {wrong} BEGIN {_raise(what, table)}; END"


def _sqlite() -> list[str]:
    own = "SELECT 1 FROM pay_state s WHERE s.row = NEW.row"  # a look-up by key; a join here would scan
    known = " ".join(f"WHEN '{a}' THEN " + " OR ".join(f"NEW.to_state = '{b}'" for b in to) for a, to in _NEXT.items())
    move = (  # comparisons one by one: a list of IN would be built anew for every row
        "CASE WHEN NEW.n = 1 THEN NEW.from_state = '' AND (NEW.to_state = 'ready' OR NEW.to_state = 'held') AND NOT EXISTS"
        f" ({own}) ELSE (CASE NEW.from_state {known} ELSE 0 END) AND EXISTS"
        f" ({own} AND s.n = NEW.n - 1 AND s.state = NEW.from_state) END"
    )
    batched = _batched("NEW", "s").replace("s.batch", "(SELECT s.batch FROM pay_state s WHERE s.row = NEW.row)")
    event = (
        "NEW.row = OLD.row AND NEW.n = OLD.n + 1 AND EXISTS (SELECT 1 FROM pay_event e WHERE e.row = NEW.row AND e.n = NEW.n"
        " AND e.to_state = NEW.state AND e.reason = NEW.reason)"
    )
    return [
        _before("pay_event_move", "pay_event", f"NOT ({move})", "move"),
        _before("pay_event_batch", "pay_event", f"NOT coalesce({batched}, 0)", "batch"),
        "CREATE TRIGGER pay_event_first AFTER INSERT ON pay_event WHEN NEW.n = 1 BEGIN"
        " INSERT INTO pay_state (row, state, reason, n, batch) VALUES (NEW.row, NEW.to_state, NEW.reason, 1, NEW.batch); END",
        "CREATE TRIGGER pay_event_next AFTER INSERT ON pay_event WHEN NEW.n > 1 BEGIN"
        " UPDATE pay_state SET state = NEW.to_state, reason = NEW.reason, n = NEW.n, batch = NEW.batch WHERE row = NEW.row; END",
        "CREATE TRIGGER pay_state_begins BEFORE INSERT ON pay_state WHEN NOT (NEW.n = 1 AND EXISTS (SELECT 1 FROM pay_event e"
        f" WHERE e.row = NEW.row AND e.n = 1 AND e.to_state = NEW.state)) BEGIN {_raise('state', 'pay_state')}; END",
        f"CREATE TRIGGER pay_state_follows BEFORE UPDATE ON pay_state WHEN NOT ({event}) BEGIN {_raise('state', 'pay_state')}; END",
        f"CREATE TRIGGER pay_state_stays BEFORE DELETE ON pay_state BEGIN {_raise('delete', 'pay_state')}; END",
        _before("pay_slip_fits", "pay_slip", f"NOT ({_slip_fits('NEW')})", "slip"),
        _before("pay_line_early", "pay_line", "EXISTS (SELECT 1 FROM pay_step t WHERE t.batch = NEW.batch)", "line"),
        _before("pay_source_early", "pay_source", "EXISTS (SELECT 1 FROM pay_state s WHERE s.row = NEW.row)", "source"),
        _before("pay_row_reissue", "pay_row", _reissue_wrong("NEW"), "reissue"),
        _before("pay_step_order", "pay_step", _step_wrong("NEW"), "step"),
        _before("pay_step_person", "pay_step", _step_person("NEW"), "person"),
        _before("pay_step_digest", "pay_step", _step_digest("NEW"), "digest"),
        _before("pay_step_sums", "pay_step", _line_sums("NEW"), "sums"),
    ]


# ---------------------------------------------------------------- PostgreSQL
def _function(name: str, body: str) -> str:
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"


def _fail(what: str, table: str) -> str:
    return f"RAISE EXCEPTION 'ecoweb:{what} {table}'"


def _over(name: str, table: str) -> str:
    return (
        f"CREATE TRIGGER {name} AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )


def _postgres() -> list[str]:
    lock = f"PERFORM pg_advisory_xact_lock({WRITER_LOCK});"
    event = (
        "BEGIN IF EXISTS (SELECT 1 FROM fresh GROUP BY row HAVING count(*) > 1) THEN "
        f"{_fail('move', 'pay_event')}; END IF;"
        f" IF EXISTS (SELECT 1 FROM fresh f LEFT JOIN pay_state s ON s.row = f.row WHERE NOT {_moves_on('f', 's')}) THEN"
        f" {_fail('move', 'pay_event')}; END IF;"
        f" IF EXISTS (SELECT 1 FROM fresh f LEFT JOIN pay_state s ON s.row = f.row WHERE NOT coalesce({_batched('f', 's')}, false)) THEN"  # noqa: E501
        f" {_fail('batch', 'pay_event')}; END IF;"
        " INSERT INTO pay_state (row, state, reason, n, batch) SELECT row, to_state, reason, n, batch FROM fresh WHERE n = 1;"
        " UPDATE pay_state s SET state = f.to_state, reason = f.reason, n = f.n, batch = f.batch FROM fresh f"
        " WHERE f.row = s.row AND f.n > 1; RETURN NULL; END"
    )
    begins = (
        "BEGIN IF EXISTS (SELECT 1 FROM fresh f LEFT JOIN pay_event e ON e.row = f.row AND e.n = 1 AND e.to_state = f.state"
        f" WHERE f.n <> 1 OR e.row IS NULL) THEN {_fail('state', 'pay_state')}; END IF; RETURN NULL; END"
    )
    follows = (
        "BEGIN IF EXISTS (SELECT 1 FROM fresh f LEFT JOIN stale o ON o.row = f.row LEFT JOIN pay_event e ON e.row = f.row"
        " AND e.n = f.n AND e.to_state = f.state AND e.reason = f.reason"
        f" WHERE o.row IS NULL OR f.n <> o.n + 1 OR e.row IS NULL) THEN {_fail('state', 'pay_state')}; END IF; RETURN NULL; END"
    )

    def each(name: str, rules: list[tuple[str, str]], table: str) -> list[str]:
        tests = " ".join(f"IF {wrong} THEN {_fail(what, table)}; END IF;" for wrong, what in rules)
        return [
            _function(name, f"BEGIN {lock} {tests} RETURN NEW; END"),
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ]

    def whole(name: str, table: str, wrong: str, what: str) -> list[str]:
        body = f"BEGIN IF EXISTS (SELECT 1 FROM fresh f WHERE {wrong}) THEN {_fail(what, table)}; END IF; RETURN NULL; END"
        return [_function(name, body), _over(name, table)]

    return [
        _function("pay_event_lock", f"BEGIN {lock} RETURN NULL; END"),
        "CREATE TRIGGER pay_event_lock BEFORE INSERT ON pay_event FOR EACH STATEMENT EXECUTE FUNCTION pay_event_lock()",
        _function("pay_event_move", event),
        _over("pay_event_move", "pay_event"),
        _function("pay_state_begins", begins),
        _over("pay_state_begins", "pay_state"),
        _function("pay_state_follows", follows),
        "CREATE TRIGGER pay_state_follows AFTER UPDATE ON pay_state REFERENCING NEW TABLE AS fresh OLD TABLE AS stale"
        " FOR EACH STATEMENT EXECUTE FUNCTION pay_state_follows()",
        _function("pay_state_stays", f"BEGIN {_fail('delete', 'pay_state')}; END"),
        "CREATE TRIGGER pay_state_stays BEFORE DELETE OR TRUNCATE ON pay_state FOR EACH STATEMENT EXECUTE FUNCTION pay_state_stays()",  # noqa: E501
        *whole("pay_slip_fits", "pay_slip", f"NOT ({_slip_fits('f')})", "slip"),
        *whole("pay_line_early", "pay_line", "EXISTS (SELECT 1 FROM pay_step t WHERE t.batch = f.batch)", "line"),
        *whole("pay_source_early", "pay_source", "EXISTS (SELECT 1 FROM pay_state s WHERE s.row = f.row)", "source"),
        *whole("pay_row_reissue", "pay_row", _reissue_wrong("f"), "reissue"),
        *each(
            "pay_step_order",
            [
                (_step_wrong("NEW"), "step"),
                (_step_person("NEW"), "person"),
                (_step_digest("NEW"), "digest"),
                (_line_sums("NEW"), "sums"),
            ],
            "pay_step",
        ),
    ]
