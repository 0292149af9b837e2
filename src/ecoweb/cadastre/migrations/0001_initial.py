"""Tables of rights, duties, restrictions, mortgages, documents, disputes, regions and editions, with their guards."""

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
            name="Dispute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("dispute_id", models.TextField()),
                ("parcel_id", models.TextField()),
                ("claimant_id", models.TextField()),
                ("state", models.TextField()),
                ("claim", models.TextField()),
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
                "db_table": "dispute",
                "indexes": [
                    models.Index(fields=["parcel_id"], name="dispute_parcel_id", opclasses=["text_pattern_ops"]),
                    models.Index(fields=["claimant_id"], name="dispute_claimant_id", opclasses=["text_pattern_ops"]),
                    models.Index(condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="dispute_ended_by"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="dispute_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="dispute_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="dispute_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("dispute_id", "valid_from", "known_from"),
                        name="dispute_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(condition=models.Q(("dispute_id", ""), _negated=True), name="dispute_dispute_id_given"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["arbitration", "court", "mediation", "open", "settled"]),
                            ("state", None),
                            _connector="OR",
                        ),
                        name="dispute_state_code",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Duty",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("contract_id", models.TextField()),
                ("holder_id", models.TextField()),
                ("parcel_id", models.TextField()),
                ("programme", models.TextField()),
                ("duty", models.TextField()),
                ("signed_on", models.DateField()),
                ("source_id", models.TextField(null=True)),
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
                "db_table": "duty",
                "indexes": [
                    models.Index(fields=["holder_id"], name="duty_holder_id", opclasses=["text_pattern_ops"]),
                    models.Index(fields=["parcel_id"], name="duty_parcel_id", opclasses=["text_pattern_ops"]),
                    models.Index(
                        condition=models.Q(("source_id__isnull", False)),
                        fields=["source_id"],
                        name="duty_source_id",
                        opclasses=["text_pattern_ops"],
                    ),
                    models.Index(condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="duty_ended_by"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="duty_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="duty_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="duty_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("contract_id", "valid_from", "known_from"),
                        name="duty_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(condition=models.Q(("contract_id", ""), _negated=True), name="duty_contract_id_given"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Edition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("edition_id", models.TextField()),
                ("kind", models.TextField()),
                ("region_code", models.TextField()),
                ("title", models.TextField()),
                ("authority", models.TextField()),
                ("document", models.TextField()),
                ("adopted_on", models.DateField(null=True)),
                ("fingerprint", models.TextField()),
                ("path", models.TextField()),
                ("rows", models.BigIntegerField()),
                ("area_dm2", models.BigIntegerField()),
                ("source_name", models.TextField()),
                ("source_sha256", models.TextField()),
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
                "db_table": "edition",
                "indexes": [
                    models.Index(fields=["kind"], name="edition_kind", opclasses=["text_pattern_ops"]),
                    models.Index(fields=["fingerprint"], name="edition_fingerprint", opclasses=["text_pattern_ops"]),
                    models.Index(condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="edition_ended_by"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="edition_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="edition_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="edition_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("edition_id", "valid_from", "known_from"),
                        name="edition_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(condition=models.Q(("edition_id", ""), _negated=True), name="edition_edition_id_given"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "forest_conversion",
                                    "function_zone",
                                    "grass_livestock_balance",
                                    "grazing_ban",
                                    "parcel",
                                    "permanent_basic_farmland",
                                    "protected_area",
                                    "red_line",
                                    "reserve",
                                    "use_control",
                                    "welfare_forest",
                                ],
                            ),
                            ("kind", None),
                            _connector="OR",
                        ),
                        name="edition_kind_code",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rows__gte", 0), ("rows", None), _connector="OR"), name="edition_rows_range"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("area_dm2__gte", 0), ("area_dm2", None), _connector="OR"), name="edition_area_dm2_range"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Mortgage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("mortgage_id", models.TextField()),
                ("right_id", models.TextField()),
                ("creditor_id", models.TextField()),
                ("amount_fen", models.BigIntegerField()),
                ("rank", models.BigIntegerField()),
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
                "db_table": "mortgage",
                "indexes": [
                    models.Index(fields=["right_id"], name="mortgage_right_id", opclasses=["text_pattern_ops"]),
                    models.Index(fields=["creditor_id"], name="mortgage_creditor_id", opclasses=["text_pattern_ops"]),
                    models.Index(condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="mortgage_ended_by"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="mortgage_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="mortgage_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="mortgage_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("mortgage_id", "valid_from", "known_from"),
                        name="mortgage_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("mortgage_id", ""), _negated=True), name="mortgage_mortgage_id_given"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_fen__gte", 1), ("amount_fen", None), _connector="OR"),
                        name="mortgage_amount_fen_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rank__gte", 1), ("rank", None), _connector="OR"), name="mortgage_rank_range"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Region",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("region_code", models.TextField()),
                ("name", models.TextField()),
                ("level", models.BigIntegerField()),
                ("parent_code", models.TextField(null=True)),
                ("list_edition", models.TextField()),
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
                "db_table": "region",
                "indexes": [
                    models.Index(
                        condition=models.Q(("parent_code__isnull", False)),
                        fields=["parent_code"],
                        name="region_parent_code",
                        opclasses=["text_pattern_ops"],
                    ),
                    models.Index(condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="region_ended_by"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="region_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="region_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="region_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("region_code", "valid_from", "known_from"),
                        name="region_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(condition=models.Q(("region_code", ""), _negated=True), name="region_region_code_given"),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("level__gte", 1), ("level__lte", 5)), ("level", None), _connector="OR"),
                        name="region_level_range",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RegionChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("from_code", models.TextField()),
                ("to_code", models.TextField()),
                ("kind", models.TextField()),
                ("evidence", models.TextField()),
                ("document", models.TextField(null=True)),
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
                "db_table": "region_change",
                "indexes": [
                    models.Index(fields=["to_code"], name="region_change_to_code", opclasses=["text_pattern_ops"]),
                    models.Index(
                        condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="region_change_ended_by"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="region_change_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="region_change_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="region_change_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("from_code", "to_code", "valid_from", "known_from"),
                        name="region_change_key",
                        opclasses=["text_pattern_ops", "text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("from_code", ""), _negated=True), name="region_change_from_code_given"
                    ),
                    models.CheckConstraint(condition=models.Q(("to_code", ""), _negated=True), name="region_change_to_code_given"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["abolished", "created", "merged", "recoded", "renamed", "split", "unresolved"]),
                            ("kind", None),
                            _connector="OR",
                        ),
                        name="region_change_kind_code",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Restriction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("restriction_id", models.TextField()),
                ("kind", models.TextField()),
                ("name", models.TextField()),
                ("category", models.TextField(null=True)),
                ("parcel_id", models.TextField(null=True)),
                ("edition_id", models.TextField(null=True)),
                ("reason", models.TextField()),
                ("authority", models.TextField()),
                ("document", models.TextField()),
                ("adopted_on", models.DateField(null=True)),
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
                "db_table": "restriction",
                "indexes": [
                    models.Index(
                        condition=models.Q(("parcel_id__isnull", False)),
                        fields=["parcel_id"],
                        name="restriction_parcel_id",
                        opclasses=["text_pattern_ops"],
                    ),
                    models.Index(
                        condition=models.Q(("edition_id__isnull", False)),
                        fields=["edition_id"],
                        name="restriction_edition_id",
                        opclasses=["text_pattern_ops"],
                    ),
                    models.Index(condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="restriction_ended_by"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="restriction_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="restriction_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="restriction_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("restriction_id", "valid_from", "known_from"),
                        name="restriction_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("restriction_id", ""), _negated=True), name="restriction_restriction_id_given"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "forest_conversion",
                                    "function_zone",
                                    "grass_livestock_balance",
                                    "grazing_ban",
                                    "permanent_basic_farmland",
                                    "protected_area",
                                    "red_line",
                                    "reserve",
                                    "use_control",
                                    "welfare_forest",
                                ],
                            ),
                            ("kind", None),
                            _connector="OR",
                        ),
                        name="restriction_kind_code",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("source_id", models.TextField()),
                ("kind", models.TextField()),
                ("number", models.TextField()),
                ("title", models.TextField()),
                ("issuer", models.TextField()),
                ("dated", models.DateField(null=True)),
                ("sha256", models.TextField(null=True)),
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
                "db_table": "source",
                "indexes": [
                    models.Index(fields=["number"], name="source_number", opclasses=["text_pattern_ops"]),
                    models.Index(condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="source_ended_by"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="source_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="source_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="source_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("source_id", "valid_from", "known_from"),
                        name="source_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(condition=models.Q(("source_id", ""), _negated=True), name="source_source_id_given"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                ["agreement", "certificate", "contract", "decree", "judgment", "notice", "other", "survey", "will"],
                            ),
                            ("kind", None),
                            _connector="OR",
                        ),
                        name="source_kind_code",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Tenure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("right_id", models.TextField()),
                ("parcel_id", models.TextField()),
                ("unit_code", models.TextField(null=True)),
                ("holder_id", models.TextField()),
                ("kind", models.TextField()),
                ("share_num", models.BigIntegerField()),
                ("share_den", models.BigIntegerField()),
                ("state", models.TextField()),
                ("basis", models.TextField(null=True)),
                ("term_to", models.DateField(null=True)),
                ("document", models.TextField()),
                ("source_id", models.TextField(null=True)),
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
                "db_table": "tenure",
                "indexes": [
                    models.Index(fields=["parcel_id"], name="tenure_parcel_id", opclasses=["text_pattern_ops"]),
                    models.Index(fields=["holder_id"], name="tenure_holder_id", opclasses=["text_pattern_ops"]),
                    models.Index(
                        condition=models.Q(("unit_code__isnull", False)),
                        fields=["unit_code"],
                        name="tenure_unit_code",
                        opclasses=["text_pattern_ops"],
                    ),
                    models.Index(
                        condition=models.Q(("basis__isnull", False)),
                        fields=["basis"],
                        name="tenure_basis",
                        opclasses=["text_pattern_ops"],
                    ),
                    models.Index(
                        condition=models.Q(("source_id__isnull", False)),
                        fields=["source_id"],
                        name="tenure_source_id",
                        opclasses=["text_pattern_ops"],
                    ),
                    models.Index(condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="tenure_ended_by"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="tenure_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="tenure_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="tenure_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("right_id", "valid_from", "known_from"),
                        name="tenure_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(condition=models.Q(("right_id", ""), _negated=True), name="tenure_right_id_given"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["contract", "management", "ownership", "use"]), ("kind", None), _connector="OR"
                        ),
                        name="tenure_kind_code",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["clear", "disputed"]), ("state", None), _connector="OR"),
                        name="tenure_state_code",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("share_den__gte", models.F("share_num")), ("share_num__gt", 0)),
                            models.Q(("share_den", None), ("share_num", None)),
                            _connector="OR",
                        ),
                        name="tenure_share",
                    ),
                ],
            },
        ),
        Guard(
            "tenure",
            ("right_id",),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("right_id", "text"),
                ("parcel_id", "text"),
                ("unit_code", "text"),
                ("holder_id", "text"),
                ("kind", "text"),
                ("share_num", "whole"),
                ("share_den", "whole"),
                ("state", "text"),
                ("basis", "text"),
                ("term_to", "day"),
                ("document", "text"),
                ("source_id", "text"),
            ],
        ),
        Guard(
            "duty",
            ("contract_id",),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("contract_id", "text"),
                ("holder_id", "text"),
                ("parcel_id", "text"),
                ("programme", "text"),
                ("duty", "text"),
                ("signed_on", "day"),
                ("source_id", "text"),
            ],
        ),
        Guard(
            "restriction",
            ("restriction_id",),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("restriction_id", "text"),
                ("kind", "text"),
                ("name", "text"),
                ("category", "text"),
                ("parcel_id", "text"),
                ("edition_id", "text"),
                ("reason", "text"),
                ("authority", "text"),
                ("document", "text"),
                ("adopted_on", "day"),
            ],
        ),
        Guard(
            "mortgage",
            ("mortgage_id",),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("mortgage_id", "text"),
                ("right_id", "text"),
                ("creditor_id", "text"),
                ("amount_fen", "whole"),
                ("rank", "whole"),
                ("document", "text"),
            ],
        ),
        Guard(
            "source",
            ("source_id",),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("source_id", "text"),
                ("kind", "text"),
                ("number", "text"),
                ("title", "text"),
                ("issuer", "text"),
                ("dated", "day"),
                ("sha256", "text"),
            ],
        ),
        Guard(
            "dispute",
            ("dispute_id",),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("dispute_id", "text"),
                ("parcel_id", "text"),
                ("claimant_id", "text"),
                ("state", "text"),
                ("claim", "text"),
                ("document", "text"),
            ],
        ),
        Guard(
            "region",
            ("region_code",),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("region_code", "text"),
                ("name", "text"),
                ("level", "whole"),
                ("parent_code", "text"),
                ("list_edition", "text"),
            ],
        ),
        Guard(
            "region_change",
            ("from_code", "to_code"),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("from_code", "text"),
                ("to_code", "text"),
                ("kind", "text"),
                ("evidence", "text"),
                ("document", "text"),
            ],
        ),
        Guard(
            "edition",
            ("edition_id",),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("edition_id", "text"),
                ("kind", "text"),
                ("region_code", "text"),
                ("title", "text"),
                ("authority", "text"),
                ("document", "text"),
                ("adopted_on", "day"),
                ("fingerprint", "text"),
                ("path", "text"),
                ("rows", "whole"),
                ("area_dm2", "whole"),
                ("source_name", "text"),
                ("source_sha256", "text"),
            ],
        ),
    ]
