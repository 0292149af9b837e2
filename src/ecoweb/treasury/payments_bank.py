"""The bank file of an approved batch: written, read back, compared with the bank's copy, and only then released.

The file lies in the office's folder `bank`, readable by its owner only. It is written aside, synced and moved into place
before the step is committed; a process killed between leaves a file that no batch names, and the next writing replaces it.
What becomes of it when the batch is cancelled: `payments_folder`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ecocomp.io.files import canonical_json, disk_words
from ecocomp.payments.bank_file import ENCODINGS, Line, account_fits, compare, file_bytes, line_word, name_fits, read_file
from ecocomp.terms.faults import Fault, FaultsError, UsageError, capped, raise_errors
from ecocomp.terms.text import Text
from ecoweb.office import Office
from ecoweb.records import cipher
from ecoweb.records.rules import params_of
from ecoweb.records.store import Work
from ecoweb.treasury.payments_base import CHUNK, Act, acting, add_one, add_rows, day_of, fetch, move
from ecoweb.treasury.payments_batch import add_step, find_batch, last_step, step_checked, steps_of
from ecoweb.treasury.payments_books import Books
from ecoweb.treasury.payments_folder import BANK, file_name, manifest_name, part_name


@dataclass(frozen=True, slots=True)
class Written:
    """A bank file: where it lies and what its manifest says."""

    path: Path
    batch_id: str
    lines: int
    sum_fen: int
    sha256: str
    codes_sha256: str
    encoding: str
    again: bool = False

    def manifest(self) -> dict[str, Any]:
        """Return the manifest as it stands in the log."""
        return {
            "batch": self.batch_id,
            "lines": self.lines,
            "sum_fen": self.sum_fen,
            "sha256": self.sha256,
            "codes_sha256": self.codes_sha256,
            "encoding": self.encoding,
        }


# ---------------------------------------------------------------- writing
def write_file(office: Office, batch_id: str, who: Act, *, encoding: str = "") -> Written:
    """Write the bank file of an approved batch and read it back; written already, the first answer again.

    encoding  ``utf-8`` or ``gb18030``; the rules' `payments.file_encoding` if empty
    raises    FaultsError: the batch is not approved, an account is gone or was changed since the batch was made, the disk is full
    """
    if encoding and encoding.lower() not in ENCODINGS:
        said = Text("编码 {e} 不认识；可用 utf-8、gb18030。", "The encoding {e} is not known; use utf-8 or gb18030.")
        raise UsageError(said.fill(e=encoding))
    with office.reading() as cursor:
        seq, found = find_batch(cursor, batch_id)
        before = _written(office, cursor, seq, batch_id)
        if before is not None and "cancelled" not in {d.step for d in steps_of(cursor, seq)}:
            if before.path.is_file():
                return before
            raise FaultsError([_gone(before.path)])
    with acting(office, "batch.written", who, batch=batch_id) as work:
        seq, found = find_batch(work.cursor, batch_id)
        officer = step_checked(work, seq, found, "written", who)
        code = encoding.lower() or params_of(office, day_of(work)).text("payments.file_encoding").lower()
        made = _write(work, seq, found, code)
        add_step(work, seq, "written", officer, found, who)
        work.facts["manifest"] = made.manifest()
    return made


def _written(office: Office, cursor: Any, seq: int, batch_id: str) -> Written | None:
    cursor.execute("SELECT name, lines, sum_fen, sha256, codes_sha256, encoding FROM pay_file WHERE batch = %s", [seq])
    row = cursor.fetchone()
    if row is None:
        return None
    name, lines, total, digest, codes, encoding = row
    return Written(office.folder / BANK / name, batch_id, lines, total, digest, codes, encoding, again=True)


def _write(work: Work, seq: int, found: dict[str, Any], encoding: str) -> Written:
    office, batch_id = work.office, str(found["batch_id"])
    folder = office.folder / BANK
    name = file_name(batch_id)
    sealer = cipher.need_sealer(office)
    codes = sha256()
    waiting: list[tuple[int, int, bytes]] = []

    def lines() -> Iterator[Line]:
        for line in _lines(work, seq):
            code = sealer.token("bank", batch_id, line_word(batch_id, line))
            codes.update(code)
            waiting.append((seq, line.no, code))
            if len(waiting) >= CHUNK:
                add_rows(work, "pay_code", ("batch", "no", "code"), waiting)
                waiting.clear()
            yield line

    with disk_words(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
        part = folder / part_name(batch_id)  # of a run that was killed none is left: `acting` removed it
        digest, size = sha256(), 0
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(fd, "wb", buffering=1 << 20) as out:
                for piece in file_bytes(batch_id, lines(), found["lines"], found["sum_fen"], encoding):
                    digest.update(piece)
                    size += len(piece)
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
            add_rows(work, "pay_code", ("batch", "no", "code"), waiting)
            made = Written(
                folder / name, batch_id, found["lines"], found["sum_fen"], digest.hexdigest(), codes.hexdigest(), encoding
            )
            raise_errors(_read_back(part, made))
            (folder / manifest_name(batch_id)).write_bytes(canonical_json(made.manifest()) + b"\n")
            part.replace(folder / name)
            _sync(folder)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    add_one(
        work, "pay_file", batch=seq, name=name, encoding=encoding, bytes=size, sha256=made.sha256, lines=made.lines,
        sum_fen=made.sum_fen, codes_sha256=made.codes_sha256, change=work.seq,
    )  # fmt: skip
    return made


def _read_back(path: Path, made: Written) -> list[Fault]:
    """Read what was written from the disk again: same bytes, same lines, same sum."""
    data = path.read_bytes()
    read = read_file(data, made.encoding, path.name)
    if (read.sha256, len(read.lines), read.sum_fen, read.batch) == (made.sha256, made.lines, made.sum_fen, made.batch_id):
        return []
    return [
        Fault(
            "payments.read_back",
            str(path),
            made.batch_id,
            Text("写出的文件读回后不一致。", "The file read back is not what was written."),
            Text("检查磁盘；没有改变任何状态。", "Check the disk; no state was changed."),
        )
    ]


def _lines(work: Work, seq: int) -> Iterator[Line]:
    """Yield the lines of a batch with names and accounts in clear, which are known nowhere but here."""
    last = 0
    faults: list[Fault] = []
    while True:
        work.cursor.execute(
            "SELECT l.no, l.payee_id, l.party_row, l.amount_fen, l.purpose, t.name, t.account, t.known_to FROM pay_line l JOIN party t"  # noqa: E501
            f" ON t.id = l.party_row WHERE l.batch = %s AND l.no > %s ORDER BY l.no LIMIT {CHUNK}",
            [seq, last],
        )
        rows = work.cursor.fetchall()
        if not rows:
            break
        names, ids = [r[1] for r in rows], [int(r[2]) for r in rows]
        sealed = [b"" if r[6] is None else bytes(r[6]) for r in rows]
        having = [i for i, v in enumerate(sealed) if v]
        opened = cipher.opened_values(
            work.office,
            work.cursor,
            "party",
            [names[i] for i in having],
            [ids[i] for i in having],
            {"account": [sealed[i] for i in having]},
        )["account"]
        accounts = dict(zip(having, opened, strict=True))
        for place, (no, payee, _, fen, purpose, name, _, ended) in enumerate(rows):
            account = accounts.get(place) or ""
            if ended is not None and _account_now(work, payee) != account:
                faults.append(_account_fault(payee, Text("账号在编批后被变更", "the account was changed after the batch was made")))
            elif account in ("", cipher.HIDDEN) or not account_fits(account) or not name_fits(name):
                faults.append(_account_fault(payee, Text("没有可用的账号或户名", "there is no usable account or name")))
            elif not faults:
                yield Line(int(no), name, account, int(fen), purpose)
        last = int(rows[-1][0])
    raise_errors(capped(faults, "payments.account", "party"))


def _account_now(work: Work, payee: str) -> str:
    day = day_of(work)
    work.cursor.execute(
        "SELECT id, account FROM party WHERE party_id = %s AND known_to IS NULL AND valid_from <= %s AND (valid_to IS NULL OR valid_to > %s)"  # noqa: E501
        " AND account IS NOT NULL",
        [payee, day, day],
    )
    row = work.cursor.fetchone()
    if row is None:
        return ""
    return (
        cipher.opened_values(work.office, work.cursor, "party", [payee], [int(row[0])], {"account": [bytes(row[1])]})["account"][0]
        or ""
    )


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


# ---------------------------------------------------------------- the bank's side
def compare_copy(office: Office, batch_id: str, copy: Path, who: Act) -> dict[str, Any]:
    """Compare the copy the bank holds with what was approved, line by line; equal, the batch may be released.

    raises  FaultsError with every difference (exchanged accounts are named); the state is as it was
    """
    try:
        data = copy.read_bytes()
    except OSError as exc:
        raise FaultsError([_no_copy(copy, str(exc))]) from None
    with office.reading() as cursor:
        seq, found = find_batch(cursor, batch_id)
        cursor.execute("SELECT t.officer_id, t.note FROM pay_step t WHERE t.batch = %s AND t.step = 'compared'", [seq])
        before = cursor.fetchone()
        if before is not None and before == (who.actor, sha256(data).hexdigest()):
            return {"batch": batch_id, "lines": found["lines"], "sha256": before[1], "again": True}
        faults = _copy_faults(office, cursor, seq, found, data, copy)
    raise_errors(faults)
    with acting(office, "batch.compared", who, batch=batch_id, copy_sha256=sha256(data).hexdigest()) as work:
        seq, found = find_batch(work.cursor, batch_id)
        officer = step_checked(work, seq, found, "compared", who)
        add_step(work, seq, "compared", officer, found, who, note=sha256(data).hexdigest())
    return {"batch": batch_id, "lines": found["lines"], "sha256": sha256(data).hexdigest(), "again": False}


def _copy_faults(office: Office, cursor: Any, seq: int, found: dict[str, Any], data: bytes, copy: Path) -> list[Fault]:
    batch_id = str(found["batch_id"])
    written = _written(office, cursor, seq, batch_id)
    if written is None:
        return [_not_written(batch_id)]
    spent = _spent(cursor, seq, data)
    if spent is not None:
        return [_old_file(copy, batch_id, spent)]
    if copy.resolve() == written.path.resolve():
        return [_own_file(copy)]
    try:
        read = read_file(data, written.encoding, copy.name)
    except FaultsError as exc:
        return list(exc.faults)
    sealer = cipher.need_sealer(office)
    expected = fetch(
        cursor,
        "SELECT c.no, l.amount_fen, c.code FROM pay_code c JOIN pay_line l ON l.batch = c.batch AND l.no = c.no WHERE c.batch = %s ORDER BY c.no",  # noqa: E501
        [seq],
    )
    faults = compare(
        read,
        batch_id,
        ((int(n), int(f), bytes(c)) for n, f, c in expected),
        lambda word: sealer.token("bank", batch_id, word),
        found["sum_fen"],
    )
    if not faults and read.sha256 != written.sha256:
        faults = [_other_bytes(copy, read.sha256, written.sha256)]
    return faults


def _spent(cursor: Any, seq: int, data: bytes) -> str | None:
    """Return the batch whose file these very bytes are, if it is another one."""
    cursor.execute(
        "SELECT b.batch_id, f.batch FROM pay_file f JOIN pay_batch b ON b.seq = f.batch WHERE f.sha256 = %s",
        [sha256(data).hexdigest()],
    )
    row = cursor.fetchone()
    return str(row[0]) if row is not None and int(row[1]) != seq else None


# ---------------------------------------------------------------- release
def release(office: Office, batch_id: str, who: Act) -> dict[str, Any]:
    """Release a batch whose file was compared: its rows are sent, and the money of each envelope is in transit.

    raises  FaultsError: a step is missing, the file is no longer what was compared, an envelope's bank account does not hold it
    """
    from ecoweb.treasury.payments_batch import _repeated

    again = _repeated(office, batch_id, "released", who, "")
    if again is not None:
        return {"batch": batch_id, "lines": again.lines, "sum_fen": again.sum_fen, "again": True, "change": again.change}
    with acting(office, "batch.released", who, batch=batch_id) as work:
        seq, found = find_batch(work.cursor, batch_id)
        officer = step_checked(work, seq, found, "released", who)
        written = _written(office, work.cursor, seq, batch_id)
        raise_errors([_not_written(batch_id)] if written is None else _file_faults(written))
        add_step(work, seq, "released", officer, found, who)
        books = Books(work, f"release:{batch_id}", day_of(work), batch_id)
        envelopes: dict[str, int] = {}
        for envelope, fen in sums_of(work.cursor, seq):
            books.send(envelope, fen, batch_id)
            envelopes[envelope] = fen
        books.flush()
        move(work, "SELECT p.row FROM pay_slip p WHERE p.batch = %s", [seq], "sent", "released", batch="s.batch")
        work.facts |= {"manifest": written.manifest() if written else {}, "envelopes": envelopes}
    return {
        "batch": batch_id,
        "lines": found["lines"],
        "sum_fen": found["sum_fen"],
        "envelopes": envelopes,
        "again": False,
        "change": work.seq,
    }


def sums_of(cursor: Any, batch: int) -> list[tuple[str, int]]:
    """Return what a batch takes from each envelope."""
    cursor.execute(
        "SELECT x.envelope_id, sum(x.amount_fen) FROM pay_slip p JOIN pay_source x ON x.row = p.row WHERE p.batch = %s"
        " GROUP BY x.envelope_id ORDER BY x.envelope_id",
        [batch],
    )
    return [(str(e), int(f)) for e, f in cursor.fetchall()]


def next_of(office: Office, batch_id: str) -> str:
    """Return the step a batch has come to."""
    with office.reading() as cursor:
        return last_step(cursor, find_batch(cursor, batch_id)[0])


def _file_faults(written: Written) -> list[Fault]:
    try:
        digest = sha256(written.path.read_bytes()).hexdigest()
    except OSError:
        return [_gone(written.path)]
    return [] if digest == written.sha256 else [_other_bytes(written.path, digest, written.sha256)]


# ---------------------------------------------------------------- faults
def _stop(code: str, where: object, record: str, clash: Text, remedy: Text) -> Fault:
    return Fault(f"payments.{code}", str(where), record, clash, remedy)


_HALT = Text("不得放行；停下来查明原因。", "It must not be released; stop and find out why.")


def _account_fault(payee: str, what: Text) -> Fault:
    remedy = Text("作废本批次，改正后重新编制。", "Cancel the batch, mend it, and make it anew.")
    return _stop("account", "party", payee, Text(what.zh + "。", what.en + "."), remedy)


def _gone(path: Path) -> Fault:
    return _stop(
        "file_gone",
        path,
        "",
        Text("银行文件不在了。", "The bank file is gone."),
        Text("从备份取回；批次没有重写文件。", "Restore it from a backup; a file is written once."),
    )


def _not_written(batch_id: str) -> Fault:
    return _stop(
        "step",
        "payments",
        batch_id,
        Text("还没有生成银行文件。", "No bank file was written yet."),
        Text("先批准并生成文件。", "Approve the batch and write the file first."),
    )


def _old_file(copy: Path, batch_id: str, spent: str) -> Fault:
    said = Text(
        "这是批次 {s} 的文件，不是 {b} 的；已用过的批次不得再送。",
        "This is the file of batch {s}, not of {b}; a batch that was used is spent.",
    )
    return _stop("file_spent", copy, spent, said.fill(s=spent, b=batch_id), _HALT)


def _own_file(copy: Path) -> Fault:
    return _stop(
        "own_file",
        copy,
        "",
        Text("这是本办公室自己的文件，不是银行的副本。", "This is the office's own file, not the bank's copy."),
        Text("从银行一侧取回它收到的文件，再核对。", "Fetch what the bank received from the bank's side, and compare that."),
    )


def _other_bytes(path: Path, now: str, own: str) -> Fault:
    said = Text("文件指纹是 {a}…，写出的是 {b}…。", "The fingerprint of the file is {a}…, what was written has {b}….")
    return _stop("file_changed", path, "", said.fill(a=now[:12], b=own[:12]), _HALT)


def _no_copy(path: Path, said: str) -> Fault:
    return _stop(
        "no_copy",
        path,
        "",
        Text("读不到银行副本：{s}", "the bank's copy cannot be read: {s}").fill(s=said),
        Text("给出银行副本的文件。", "Name the file of the bank's copy."),
    )
