"""Tables of parties and members, with their guards."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import ecoweb.records.fields
from ecoweb.records.guards import Guard


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("records", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Member",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("group_id", models.TextField()),
                ("member_id", models.TextField()),
                ("role", models.TextField()),
                ("share_num", models.BigIntegerField(null=True)),
                ("share_den", models.BigIntegerField(null=True)),
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
                "db_table": "member",
                "indexes": [
                    models.Index(fields=["member_id"], name="member_member_id", opclasses=["text_pattern_ops"]),
                    models.Index(condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="member_ended_by"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="member_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="member_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="member_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("group_id", "member_id", "valid_from", "known_from"),
                        name="member_key",
                        opclasses=["text_pattern_ops", "text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(condition=models.Q(("group_id", ""), _negated=True), name="member_group_id_given"),
                    models.CheckConstraint(condition=models.Q(("member_id", ""), _negated=True), name="member_member_id_given"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("role__in", ["child", "co_owner", "head", "other", "parent", "spouse"]),
                            ("role", None),
                            _connector="OR",
                        ),
                        name="member_role_code",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("share_den__gte", models.F("share_num")), ("share_num__gt", 0)),
                            models.Q(("share_den", None), ("share_num", None)),
                            _connector="OR",
                        ),
                        name="member_share",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Party",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("party_id", models.TextField()),
                ("kind", models.TextField()),
                ("name", models.TextField()),
                ("region_code", models.TextField()),
                ("members", models.BigIntegerField(null=True)),
                ("income_fen", models.BigIntegerField(null=True)),
                ("credit_code", models.TextField(null=True)),
                ("id_number", ecoweb.records.fields.SealedField(null=True)),
                ("account", ecoweb.records.fields.SealedField(null=True)),
                ("phone", ecoweb.records.fields.SealedField(null=True)),
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
                "db_table": "party",
                "indexes": [
                    models.Index(fields=["name"], name="party_name", opclasses=["text_pattern_ops"]),
                    models.Index(fields=["region_code"], name="party_region_code", opclasses=["text_pattern_ops"]),
                    models.Index(
                        condition=models.Q(("credit_code__isnull", False)),
                        fields=["credit_code"],
                        name="party_credit_code",
                        opclasses=["text_pattern_ops"],
                    ),
                    models.Index(condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="party_ended_by"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="party_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="party_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="party_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("party_id", "valid_from", "known_from"),
                        name="party_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(condition=models.Q(("party_id", ""), _negated=True), name="party_party_id_given"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["bank", "collective", "company", "group", "household", "person", "state_unit"]),
                            ("kind", None),
                            _connector="OR",
                        ),
                        name="party_kind_code",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("members__gte", 0), ("members", None), _connector="OR"), name="party_members_range"
                    ),
                ],
            },
        ),
        Guard(
            "party",
            ("party_id",),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("party_id", "text"),
                ("kind", "text"),
                ("name", "text"),
                ("region_code", "text"),
                ("members", "whole"),
                ("income_fen", "whole"),
                ("credit_code", "text"),
                ("id_number", "sealed"),
                ("account", "sealed"),
                ("phone", "sealed"),
            ],
        ),
        Guard(
            "member",
            ("group_id", "member_id"),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("group_id", "text"),
                ("member_id", "text"),
                ("role", "text"),
                ("share_num", "whole"),
                ("share_den", "whole"),
            ],
        ),
    ]
