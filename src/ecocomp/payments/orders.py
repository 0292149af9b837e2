"""Payment orders: one per holder and state, with the envelopes the money comes from.

``ready`` goes to the bank, ``escrow`` waits for a court or an agreement on title, ``held`` waits for the answer to
an objection. Only money that an envelope has given is in an order; a shortfall is never ordered.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from ecocomp.terms.tables import ENTITLEMENT, ENVELOPE_BALANCE, ORDER, ORDER_SOURCE

_STATES = {"payable": "ready", "escrow": "escrow", "held": "held"}


def hold(entitlement: pa.Table, objection: pa.Table) -> pa.Table:
    """Return the entitlements with the payable rows of an open objection held: the objector's rows on the parcel named.

    An objection without a parcel holds all of the objector's rows of that year. Nobody else's money waits.
    """
    still_open = objection.filter(pc.equal(objection["outcome"], "open")).select(["year", "holder_id", "parcel_id"]).to_pylist()
    if not still_open:
        return entitlement
    waiting = {(o["year"], o["holder_id"], o["parcel_id"]) for o in still_open}
    rows = zip(*(entitlement[c].to_pylist() for c in ("year", "holder_id", "parcel_id", "state")), strict=True)
    state = ["held" if s == "payable" and ((y, h, p) in waiting or (y, h, "") in waiting) else s for y, h, p, s in rows]
    at = entitlement.schema.get_field_index("state")
    return entitlement.set_column(at, entitlement.schema.field("state"), pa.array(state, pa.string()))


def orders(entitlement: pa.Table, allocation: pa.Table, objection: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Return (order, order_source): one order per holder, year and state, its sum exactly that of its sources.

    entitlement  with funded sums, from `funds.allocate.allocate`
    allocation   which envelope gave what to which entitlement
    objection    objections; open ones hold the rows they are about
    """
    table = hold(ENTITLEMENT.checked(entitlement), objection)
    table = table.filter(pc.and_(pc.greater(table["funded_fen"], 0), pc.is_in(table["state"], value_set=pa.array(list(_STATES)))))
    if not len(table):
        return ORDER.empty(), ORDER_SOURCE.empty()
    state = pa.array(list(_STATES.values())).take(pc.index_in(table["state"].combine_chunks(), value_set=pa.array(list(_STATES))))
    order_id = pc.binary_join_element_wise(
        table["year"].cast(pa.string()).combine_chunks(), table["holder_id"].combine_chunks(), state, "-"
    )
    rows = pa.table(
        {
            "order_id": order_id,
            "year": table["year"],
            "holder_id": table["holder_id"],
            "state": state,
            "amount_fen": table["funded_fen"],
        }
    )
    made = rows.group_by(["order_id", "year", "holder_id", "state"]).aggregate([("amount_fen", "sum"), ("amount_fen", "count")])
    order = made.rename_columns([*ORDER.schema().names[:4], "amount_fen", "entitlements"])
    return ORDER.checked(order.select(ORDER.schema().names)), _sources(allocation, table, order_id)


def _sources(allocation: pa.Table, table: pa.Table, order_id: pa.Array) -> pa.Table:
    at = pc.index_in(allocation["entitlement_id"], value_set=table["entitlement_id"].combine_chunks())
    used = allocation.filter(at.is_valid())
    rows = pa.table(
        {
            "order_id": order_id.take(at.drop_null().combine_chunks()),
            "envelope_id": used["envelope_id"],
            "amount_fen": used["amount_fen"],
        }
    )
    made = rows.group_by(["order_id", "envelope_id"]).aggregate([("amount_fen", "sum")]).rename_columns(ORDER_SOURCE.schema().names)
    return ORDER_SOURCE.checked(made)


def settle_balances(envelope_balance: pa.Table, order: pa.Table, order_source: pa.Table) -> pa.Table:
    """Return the envelope balances with what the orders pay and what they put in escrow; held money is in neither."""
    state = dict(zip(order["order_id"].to_pylist(), order["state"].to_pylist(), strict=True))
    sums: dict[tuple[str, str], int] = {}
    for row in order_source.to_pylist():
        key = (row["envelope_id"], state[row["order_id"]])
        sums[key] = sums.get(key, 0) + row["amount_fen"]
    rows = [
        {**b, "paid_fen": sums.get((b["envelope_id"], "ready"), 0), "escrow_fen": sums.get((b["envelope_id"], "escrow"), 0)}
        for b in envelope_balance.to_pylist()
    ]
    return ENVELOPE_BALANCE.table(rows)
