"""Tables of envelopes and of what happens to them, with their guards."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import ecoweb.records.fields
from ecoweb.records.guards import Guard


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0001_initial"),
        ("treasury", "0002_payments"),
    ]

    operations = [
        migrations.CreateModel(
            name="FundEnvelope",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("envelope_id", models.TextField()),
                ("source", models.TextField()),
                ("name_zh", models.TextField()),
                ("name_en", models.TextField()),
                ("payer", models.TextField()),
                ("floor_fen", models.BigIntegerField()),
                ("priority", models.BigIntegerField()),
                ("earmark_zones", models.TextField(null=True)),
                ("earmark_ecosystems", models.TextField(null=True)),
                ("earmark_red_line", models.BigIntegerField()),
                ("earmark_programmes", models.TextField(null=True)),
                ("earmark_regions", models.TextField(null=True)),
                ("purposes", models.TextField(null=True)),
                ("ration", models.TextField(null=True)),
                ("carry_over", models.BigIntegerField()),
                ("usable_from", models.DateField()),
                ("usable_to", models.DateField()),
                ("match_ppm", models.BigIntegerField(null=True)),
                ("matches", models.TextField(null=True)),
                ("interest_owner", models.TextField(null=True)),
                ("document", models.TextField()),
                ("change", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.change")),
                (
                    "ended_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.change",
                    ),
                ),
            ],
            options={
                "db_table": "envelope",
                "indexes": [
                    models.Index(fields=["source"], name="envelope_source", opclasses=["text_pattern_ops"]),
                    models.Index(condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="envelope_ended_by"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="envelope_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="envelope_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="envelope_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("envelope_id", "valid_from", "known_from"),
                        name="envelope_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("envelope_id", ""), _negated=True), name="envelope_envelope_id_given"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "source__in",
                                [
                                    "bond",
                                    "carbon_credit",
                                    "central_transfer",
                                    "donation",
                                    "green_fund",
                                    "horizontal_agreement",
                                    "land_revenue",
                                    "local_budget",
                                ],
                            ),
                            ("source", None),
                            _connector="OR",
                        ),
                        name="envelope_source_code",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("carry_over__in", [0, 1]), ("earmark_red_line__in", [0, 1])), name="envelope_flags"
                    ),
                    models.CheckConstraint(condition=models.Q(("usable_to__gte", models.F("usable_from"))), name="envelope_usable"),
                ],
            },
        ),
        migrations.CreateModel(
            name="FundEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("event_id", models.TextField()),
                ("envelope_id", models.TextField()),
                ("kind", models.TextField()),
                ("year", models.BigIntegerField()),
                ("fen", models.BigIntegerField()),
                ("happened_on", models.DateField()),
                ("act", models.TextField(null=True)),
                ("owner", models.TextField(null=True)),
                ("document", models.TextField()),
                ("change", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.change")),
                (
                    "ended_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.change",
                    ),
                ),
            ],
            options={
                "db_table": "envelope_event",
                "indexes": [
                    models.Index(fields=["envelope_id"], name="envelope_event_envelope_id", opclasses=["text_pattern_ops"]),
                    models.Index(
                        condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="envelope_event_ended_by"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="envelope_event_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="envelope_event_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="envelope_event_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("event_id", "valid_from", "known_from"),
                        name="envelope_event_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("event_id", ""), _negated=True), name="envelope_event_event_id_given"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["grant", "interest", "postpone", "recover", "reduce", "release", "return", "stop"]),
                            ("kind", None),
                            _connector="OR",
                        ),
                        name="envelope_event_kind_code",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("fen__gt", 0), models.Q(("fen", 0), ("kind", "stop")), _connector="OR"),
                        name="envelope_event_fen",
                    ),
                ],
            },
        ),
        Guard(
            "envelope",
            ("envelope_id",),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("envelope_id", "text"),
                ("source", "text"),
                ("name_zh", "text"),
                ("name_en", "text"),
                ("payer", "text"),
                ("floor_fen", "whole"),
                ("priority", "whole"),
                ("earmark_zones", "text"),
                ("earmark_ecosystems", "text"),
                ("earmark_red_line", "whole"),
                ("earmark_programmes", "text"),
                ("earmark_regions", "text"),
                ("purposes", "text"),
                ("ration", "text"),
                ("carry_over", "whole"),
                ("usable_from", "day"),
                ("usable_to", "day"),
                ("match_ppm", "whole"),
                ("matches", "text"),
                ("interest_owner", "text"),
                ("document", "text"),
            ],
        ),
        Guard(
            "envelope_event",
            ("event_id",),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("event_id", "text"),
                ("envelope_id", "text"),
                ("kind", "text"),
                ("year", "whole"),
                ("fen", "whole"),
                ("happened_on", "day"),
                ("act", "text"),
                ("owner", "text"),
                ("document", "text"),
            ],
        ),
    ]
