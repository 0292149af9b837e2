"""The buffer: it bears the loss of what a project had stored, and what is left of it goes back when permanence is over."""

from __future__ import annotations

from typing import Any, Unpack

from ecocomp.credits.blocks import move
from ecocomp.terms.faults import FaultsError, raise_errors
from ecocomp.terms.text import Text
from ecoweb.credits.checks import operation_faults, reversals, shortfall_faults
from ecoweb.credits.desk import Act, DatedAct, Desk, Done, Rules, project_of, run
from ecoweb.credits.faults import fault, missing, missing_options
from ecoweb.office import Office

_OWN = "b.state = 'buffer' AND i.project_id = %s"
_OTHERS = "b.state = 'buffer' AND i.project_id <> %s"


def reverse(office: Office, rules: Rules, project: str, quantity: str, event: str, document: str, **act: Unpack[DatedAct]) -> Done:
    """Take the loss of what a project had stored (fire, felling, pest) from the buffer; what it does not cover is stated."""
    asked = {"project": project, "quantity": quantity.strip(), "event": event, "document": document}

    def do(desk: Desk) -> dict[str, Any]:
        inst = desk.instrument(desk.project(project)["instrument"])
        units = inst.parse(quantity)
        faults = operation_faults(inst, "reverse", project)
        sql = "SELECT coalesce(sum(last - first + 1), 0) FROM credit_issue WHERE project_id = %s"
        issued, lost = int(desk.ask(sql, project)[0][0]), sum(f["loss"] for f in reversals(desk, project))
        if units + lost > issued:
            clash = Text(
                "损失 {q}，加上以前的 {l}，超过签发的 {i}。", "the loss of {q}, with {l} before, exceeds what was issued, {i}."
            ).fill(q=inst.say(units), l=inst.say(lost), i=inst.say(issued))
            faults.append(fault("loss", project, clash, Text("只逆转已签发的部分。", "Reverse only what was issued.")))
        raise_errors([*faults, *missing_options(project, {"--event": event, "--document": document})])
        buffer = desk.blocks(inst.id, _OWN, project)
        if inst.buffer_scope == "instrument":
            buffer += desk.blocks(inst.id, _OTHERS, project)
        there = sum(b.quantity for b in buffer)
        gone, number = min(units, there), f"L{desk.event}"
        if gone:
            step, _ = move(buffer, "reverse", gone, purpose="reversal", beneficiary=project, lien=number)
            desk.apply(inst.id, step)
        return {
            "reversal": number,
            "project": project,
            "loss": units,
            "from_buffer": gone,
            "shortfall": units - gone,
            "buffer_left": there - gone,
            "event": event,
        }

    instrument = str(project_of(office, project)["instrument"])
    return run(office, rules, do, act="reverse", instrument=instrument, asked=asked, source=document, **act)


def unbuffer(office: Office, rules: Rules, project: str, quantity: str | None, document: str, **act: Unpack[Act]) -> Done:
    """Give what is left of a project's buffer back to its owner when the time of permanence is over."""
    asked = {"project": project, "quantity": quantity, "document": document}

    def do(desk: Desk) -> dict[str, Any]:
        row = desk.project(project)
        inst = desk.instrument(row["instrument"])
        faults = operation_faults(inst, "unbuffer", project)
        if row["valid_to"] is None or row["valid_to"] > desk.day:
            clash = Text("计入期还没有结束（{e}）。", "the crediting period has not ended ({e}).").fill(e=row["valid_to"] or "—")
            faults.append(fault("permanence", project, clash, Text("期满后再返还。", "Give it back when it is over.")))
        faults += missing("missing", project, document, Text("缺少批准文件。", "the approval is missing."), "--document")
        raise_errors([*faults, *shortfall_faults(desk, inst, project)])
        own = desk.blocks(inst.id, _OWN, project)
        step, lacks = move(own, "unbuffer", inst.parse(quantity) if quantity else None)
        if lacks:
            clash = Text("缓冲只有 {h}。", "the buffer has only {h}.").fill(h=inst.say(sum(b.quantity for b in own)))
            raise FaultsError([fault("not_enough", project, clash, Text("减少数量。", "Take fewer."))])
        desk.apply(inst.id, step)
        return {"project": project, "quantity": sum(b.quantity for b in step.made if b.state == "held")}

    instrument = str(project_of(office, project)["instrument"])
    return run(office, rules, do, act="unbuffer", instrument=instrument, asked=asked, source=document, **act)
