"""The commands of an office, joined to `ecocomp` by an entry point; nothing heavy is loaded before one of them runs."""

from __future__ import annotations

import click


def join(group: click.Group) -> None:
    """Add the commands of the office to `ecocomp`."""
    from ecoweb.commands.office import office
    from ecoweb.commands.regions import regions
    from ecoweb.commands.survey import survey
    from ecoweb.commands.tenure import tenure
    from ecoweb.commands.zones import join_zones

    for command in (office, survey, tenure, regions):
        group.add_command(command)
    zones = group.commands.get("zones")
    if isinstance(zones, click.Group):
        join_zones(zones)
