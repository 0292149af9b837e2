"""Table of officers, with its guard."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import ecoweb.records.fields
from ecoweb.records.guards import Guard


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0001_initial"),
        ("records", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Officer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("officer_id", models.TextField()),
                ("person_id", models.TextField()),
                ("name", models.TextField()),
                ("roles", models.TextField()),
                ("region_code", models.TextField()),
                ("delegated_by", models.TextField(null=True)),
                ("kin", models.TextField(null=True)),
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
                "db_table": "officer",
                "indexes": [
                    models.Index(fields=["person_id"], name="officer_person_id", opclasses=["text_pattern_ops"]),
                    models.Index(condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="officer_ended_by"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="officer_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="officer_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="officer_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("officer_id", "valid_from", "known_from"),
                        name="officer_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(condition=models.Q(("officer_id", ""), _negated=True), name="officer_officer_id_given"),
                ],
            },
        ),
        Guard(
            "officer",
            ("officer_id",),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("officer_id", "text"),
                ("person_id", "text"),
                ("name", "text"),
                ("roles", "text"),
                ("region_code", "text"),
                ("delegated_by", "text"),
                ("kin", "text"),
                ("document", "text"),
            ],
        ),
    ]
