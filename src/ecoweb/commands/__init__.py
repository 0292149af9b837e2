"""The commands of an office, joined to `ecocomp` by an entry point; nothing heavy is loaded before one of them runs."""

from __future__ import annotations

import click


def join(group: click.Group) -> None:
    """Add the commands of the office to `ecocomp`."""
    from ecoweb.commands.agreements import join_agreement
    from ecoweb.commands.contracts import contracts
    from ecoweb.commands.credits import credits
    from ecoweb.commands.funds import envelopes
    from ecoweb.commands.ledger import ledger
    from ecoweb.commands.office import office
    from ecoweb.commands.payments import payments
    from ecoweb.commands.regions import regions
    from ecoweb.commands.survey import survey
    from ecoweb.commands.tenure import tenure
    from ecoweb.commands.zones import join_zones

    for command in (office, survey, tenure, regions, contracts, envelopes, payments, ledger, credits):
        group.add_command(command)
    for name, add in (("zones", join_zones), ("agreement", join_agreement)):
        known = group.commands.get(name)
        if isinstance(known, click.Group):
            add(known)
