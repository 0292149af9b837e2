"""The commands of payments, from the bundle to the villager's letter, as five officers type them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ecocomp.terms.faults import EcocompError
from ecoweb.commands import payments as commands
from ecoweb.commands.base import login_of
from ecoweb.office import Office
from ecoweb.treasury.payments import Act

from .pay_world import Claim, World, bundle, officer

CLAIMS = [Claim("H1", "p1", {"E1": 1000}), Claim("H2", "p2", {"E1": 700, "E2": 300}), Claim("H3", "p3", {"E2": 500})]


@pytest.fixture
def w(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(office, tmp_path)

    def who(kwargs: dict[str, Any], what: str) -> Act:
        return Act(commands.actor_of(kwargs["actor"]), kwargs["reason"] or what, kwargs["document"], kwargs["key"], world.tick())

    monkeypatch.setattr(commands, "_who", who)
    return world


def run(w: World, *args: str, actor: str = "", code: int = 0) -> Any:
    more = ["--actor", f"u:{actor}"] if actor else []
    made = CliRunner().invoke(commands.payments, [*args, "--office", str(w.office.folder), "--json", *more])
    if made.exception is not None and not isinstance(made.exception, SystemExit):
        assert isinstance(made.exception, EcocompError), made.exception
        return made.exception
    assert made.exit_code == code, made.output
    return json.loads(made.output)


def test_the_whole_way_by_commands(w: World) -> None:
    place = bundle(w.folder, CLAIMS)
    assert run(w, "take", str(place), actor="maker")["added"] == 3
    assert run(w, "take", str(place), actor="maker")["again"] is True
    assert run(w, "notice", "--year", "2025", actor="maker")["rows"] == 3
    w.wait(days=8)
    made = run(w, "batch", "--year", "2025", actor="maker")
    name = made["batch"]
    run(w, "check", name, "--digest", made["digest"], actor="checker")
    run(w, "approve", name, "--key", "k", actor="approver")
    assert run(w, "approve", name, "--key", "k", actor="approver")["again"] is True
    written = run(w, "release", name, actor="releaser")
    assert written["step"] == "written"
    copy = w.folder / "bank.txt"
    copy.write_bytes(Path(written["path"]).read_bytes())
    assert run(w, "compare", name, str(copy), actor="releaser")["lines"] == 3
    assert run(w, "release", name, actor="releaser")["step"] == "released"
    back = w.folder / "back.csv"
    back.write_text(
        "批次号,序号,金额,处理结果,失败原因\n"
        + f"{name},1,10.00,成功,\n{name},2,10.00,退回,户名不符\n{name},8,1,成功,\n合计,,21.00,,\n"
    )
    said = run(w, "return", str(back), "--batch", name, actor="reconciler", code=1)
    assert (said["paid"], said["failed"], [p["why"] for p in said["parked"]]) == (1, 1, ["no_line"])
    assert run(w, "return", str(back), "--batch", name, actor="reconciler", code=1)["again"] is True
    assert run(w, "reissue", name, "--document", "户名已更正", actor="maker")["made"] == ["forest/2025/p2/H2+1"]
    assert run(w, "list")["batches"][0]["states"] == {"paid": 1, "reissued": 1, "sent": 1}
    assert [s["step"] for s in run(w, "show", name)["steps"]] == [
        "made",
        "checked",
        "approved",
        "written",
        "compared",
        "released",
        "reconciled",
    ]
    shown = run(w, "show", name)
    assert {s["login"] for s in shown["steps"]} == {login_of()}
    assert shown["shared_logins"] == {login_of(): ["P-approver", "P-checker", "P-maker", "P-reconciler", "P-releaser"]}
    assert "户主H1" in run(w, "explain", "H1", "--letter")["zh"]
    told = json.dumps(run(w, "explain", "H1", "--bundle", str(place)), ensure_ascii=False)
    assert "财〔2025〕E1号" in told and "6222" not in told
    assert run(w, "verify") == {"ok": True, "faults": []}
    assert len(run(w, "list", "--rows", "--state", "ready")["rows"]) == 1
    assert run(w, "list", "--arrears", "2027-12-31")["arrears"]


def test_what_a_user_can_do_wrong_is_said_in_words(w: World) -> None:
    for args, actor in (
        (("take", "nowhere"), "maker"),
        (("check", "no-such"), "checker"),
        (("explain", "no-such"), ""),
        (("show", "no-such"), ""),
        (("escrow", "p1"), "maker"),
        (("escrow", "p1", "--to", "H1"), "maker"),
        (("succession", "H9", "--to", "H1=1/0"), "maker"),
        (("confirm", "77"), "checker"),
        (("decide", "resolve", "x", "--outcome", "paid"), "reconciler"),
        (("decide", "net", "x", "--document", "d"), "maker"),
        (("hold", "H9"), "maker"),
        (("reissue", "no-such"), "maker"),
        (("batch", "--limit", "0"), "maker"),
        (("batch",), "nobody"),
        (("notice", "--year", "2025", "--opens", "2020-01-01"), "maker"),
        (("officer", "u:x", "--person", "P", "--roles", "king"), "maker"),
    ):
        found = run(w, *args, actor=actor)
        assert isinstance(found, EcocompError), args
        assert found.message.zh and found.message.en


def test_an_officer_is_registered_and_may_act_a_day_later(w: World) -> None:
    w.take(CLAIMS)
    w.noticed()
    name = w.made().batch_id
    w.load("officer", [officer("u:root", "P-root", "sysadmin")])
    run(w, "officer", "u:c2", "--person", "P-c2", "--roles", "checker", "--from", "2027-01-01", actor="root")
    assert "granted" in str(run(w, "check", name, actor="c2").message.en)
    w.wait(days=2)
    assert run(w, "check", name, actor="c2")["step"] == "checked"


def test_approvals_at_once_are_one_approval(w: World) -> None:
    """Case 7: several processes approve at the same moment; each gets the one answer."""
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from datetime import datetime\n"
        "from ecoweb.office import open_office\nfrom ecoweb.treasury import payments\n"
        "with open_office(Path(sys.argv[1])) as office:\n"
        "    act = payments.Act('u:approver', 'r', 'd', None, datetime.fromisoformat(sys.argv[3]))\n"
        "    print(payments.approve_batch(office, sys.argv[2], act).change)\n"
    )
    w.take(CLAIMS)
    w.noticed()
    name = w.made().batch_id
    from ecoweb.treasury import payments as run_

    run_.check_batch(w.office, name, w.act("checker"))
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(w.office.folder), name, w.tick().isoformat()],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    answers = [p.communicate(timeout=120) for p in running]
    said = {out.strip() for out, _ in answers if out.strip()}
    assert len(said) == 1, answers
    assert w.sql("SELECT count(*) FROM pay_step WHERE step = 'approved'") == [(1,)]


def test_a_return_without_its_batch_is_told(w: World) -> None:
    w.take(CLAIMS)
    w.noticed()
    name = w.sent()
    back = w.folder / "back.csv"
    back.write_text(f"批次号,序号,金额,处理结果\n{name},1,10.00,成功\n,2,10.00,成功\n")
    said = run(w, "return", str(back), "--batch", name, actor="reconciler", code=1)
    assert (said["paid"], said["unnamed"]) == (1, False)
    assert [(p["place"], p["line"], p["why"]) for p in said["parked"]] == [(3, 2, "no_batch")]
    back.write_text("批次号,序号,金额,处理结果\n,2,10.00,成功\n")
    said = run(w, "return", str(back), "--batch", name, actor="reconciler")
    assert (said["paid"], said["unnamed"]) == (1, True)


def test_envelopes_that_came_with_a_bundle_are_shown_with_their_balances(w: World) -> None:
    from ecoweb.commands.funds import envelopes

    def shown(*args: str) -> str:
        made = CliRunner().invoke(envelopes, ["show", "--office", str(w.office.folder), "--lang", "en", *args])
        assert made.exit_code == 0, made.output
        return made.output

    assert "Neither the register nor the books" in shown()
    w.take(CLAIMS, opening={"E1": 50}, grants={"E1": 1700, "E2": 900})
    books = {b["envelope_id"]: b for b in json.loads(shown("--json"))["books"]}
    assert {e: (b["at_bank_fen"], b["left_fen"], b["owed_fen"], b["registered"]) for e, b in books.items()} == {
        "E1": (1750, 50, 1700, False),
        "E2": (900, 100, 800, False),
    }
    told = shown()
    assert "Fund E1" in told and "E1, E2" in told and "17.50" in told
