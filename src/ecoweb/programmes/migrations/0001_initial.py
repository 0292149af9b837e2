"""Tables of contracts, plots, inspections, notices and objections, with their guards."""

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
            name="Contract",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("contract_id", models.TextField()),
                ("programme", models.TextField()),
                ("holder_id", models.TextField()),
                ("region_code", models.TextField()),
                ("state", models.TextField()),
                ("items", models.TextField()),
                ("signed_on", models.DateField(null=True)),
                ("term_from", models.DateField()),
                ("term_to", models.DateField(null=True)),
                ("area_dm2", models.BigIntegerField()),
                ("renews", models.TextField(null=True)),
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
                "db_table": "contract",
                "indexes": [
                    models.Index(fields=["programme"], name="contract_programme", opclasses=["text_pattern_ops"]),
                    models.Index(fields=["holder_id"], name="contract_holder_id", opclasses=["text_pattern_ops"]),
                    models.Index(fields=["region_code"], name="contract_region_code", opclasses=["text_pattern_ops"]),
                    models.Index(
                        condition=models.Q(("renews__isnull", False)),
                        fields=["renews"],
                        name="contract_renews",
                        opclasses=["text_pattern_ops"],
                    ),
                    models.Index(condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="contract_ended_by"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="contract_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="contract_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="contract_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("contract_id", "valid_from", "known_from"),
                        name="contract_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("contract_id", ""), _negated=True), name="contract_contract_id_given"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["breached", "draft", "ended", "in_force", "renewed", "signed", "suspended", "terminated"],
                            ),
                            ("state", None),
                            _connector="OR",
                        ),
                        name="contract_state_code",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("area_dm2__gte", 0), ("area_dm2", None), _connector="OR"),
                        name="contract_area_dm2_range",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Inspection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("inspection_id", models.TextField()),
                ("contract_id", models.TextField()),
                ("plot_id", models.TextField(null=True)),
                ("year", models.BigIntegerField()),
                ("judged_by", models.TextField()),
                ("inspected_on", models.DateField()),
                ("inspector", models.TextField()),
                ("result", models.TextField()),
                ("accepted_dm2", models.BigIntegerField()),
                ("survival_ppm", models.BigIntegerField(null=True)),
                ("certificate", models.TextField(null=True)),
                ("events", models.TextField(null=True)),
                ("evidence", models.TextField()),
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
                "db_table": "inspection",
                "indexes": [
                    models.Index(fields=["contract_id"], name="inspection_contract_id", opclasses=["text_pattern_ops"]),
                    models.Index(fields=["inspector"], name="inspection_inspector", opclasses=["text_pattern_ops"]),
                    models.Index(condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="inspection_ended_by"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="inspection_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="inspection_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="inspection_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("inspection_id", "valid_from", "known_from"),
                        name="inspection_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("inspection_id", ""), _negated=True), name="inspection_inspection_id_given"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("judged_by__in", ["county", "province", "self", "state"]), ("judged_by", None), _connector="OR"
                        ),
                        name="inspection_judged_by_code",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("result__in", ["accepted", "partial", "rejected"]), ("result", None), _connector="OR"),
                        name="inspection_result_code",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("notice_id", models.TextField()),
                ("programme", models.TextField()),
                ("year", models.BigIntegerField()),
                ("region_code", models.TextField()),
                ("state", models.TextField()),
                ("opens_on", models.DateField()),
                ("closes_on", models.DateField()),
                ("rows", models.BigIntegerField()),
                ("published_dm2", models.BigIntegerField()),
                ("published_fen", models.BigIntegerField()),
                ("digest", models.TextField()),
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
                "db_table": "notice",
                "indexes": [
                    models.Index(fields=["programme"], name="notice_programme", opclasses=["text_pattern_ops"]),
                    models.Index(fields=["region_code"], name="notice_region_code", opclasses=["text_pattern_ops"]),
                    models.Index(condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="notice_ended_by"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="notice_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="notice_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="notice_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("notice_id", "valid_from", "known_from"),
                        name="notice_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(condition=models.Q(("notice_id", ""), _negated=True), name="notice_notice_id_given"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["closed", "open", "withdrawn"]), ("state", None), _connector="OR"),
                        name="notice_state_code",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rows__gte", 0), ("rows", None), _connector="OR"), name="notice_rows_range"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Objection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("objection_id", models.TextField()),
                ("notice_id", models.TextField()),
                ("year", models.BigIntegerField()),
                ("holder_id", models.TextField()),
                ("parcel_id", models.TextField()),
                ("kind", models.TextField()),
                ("received_on", models.DateField()),
                ("outcome", models.TextField()),
                ("answered_on", models.DateField(null=True)),
                ("said", models.TextField()),
                ("answer", models.TextField(null=True)),
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
                "db_table": "objection",
                "indexes": [
                    models.Index(fields=["notice_id"], name="objection_notice_id", opclasses=["text_pattern_ops"]),
                    models.Index(fields=["holder_id"], name="objection_holder_id", opclasses=["text_pattern_ops"]),
                    models.Index(condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="objection_ended_by"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="objection_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="objection_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="objection_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("objection_id", "valid_from", "known_from"),
                        name="objection_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("objection_id", ""), _negated=True), name="objection_objection_id_given"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Plot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("plot_id", models.TextField()),
                ("contract_id", models.TextField()),
                ("parcel_id", models.TextField()),
                ("holder_id", models.TextField()),
                ("variant", models.TextField()),
                ("area_dm2", models.BigIntegerField()),
                ("class_before", models.TextField(null=True)),
                ("slope_tenths", models.BigIntegerField(null=True)),
                ("base_fen", models.BigIntegerField(null=True)),
                ("facts", models.TextField(null=True)),
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
                "db_table": "plot",
                "indexes": [
                    models.Index(fields=["contract_id"], name="plot_contract_id", opclasses=["text_pattern_ops"]),
                    models.Index(fields=["parcel_id"], name="plot_parcel_id", opclasses=["text_pattern_ops"]),
                    models.Index(condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="plot_ended_by"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="plot_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="plot_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="plot_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("plot_id", "valid_from", "known_from"),
                        name="plot_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(condition=models.Q(("plot_id", ""), _negated=True), name="plot_plot_id_given"),
                    models.CheckConstraint(
                        condition=models.Q(("area_dm2__gte", 0), ("area_dm2", None), _connector="OR"), name="plot_area_dm2_range"
                    ),
                ],
            },
        ),
        Guard(
            "contract",
            ("contract_id",),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("contract_id", "text"),
                ("programme", "text"),
                ("holder_id", "text"),
                ("region_code", "text"),
                ("state", "text"),
                ("items", "text"),
                ("signed_on", "day"),
                ("term_from", "day"),
                ("term_to", "day"),
                ("area_dm2", "whole"),
                ("renews", "text"),
                ("source_id", "text"),
            ],
        ),
        Guard(
            "plot",
            ("plot_id",),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("plot_id", "text"),
                ("contract_id", "text"),
                ("parcel_id", "text"),
                ("holder_id", "text"),
                ("variant", "text"),
                ("area_dm2", "whole"),
                ("class_before", "text"),
                ("slope_tenths", "whole"),
                ("base_fen", "whole"),
                ("facts", "text"),
            ],
        ),
        Guard(
            "inspection",
            ("inspection_id",),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("inspection_id", "text"),
                ("contract_id", "text"),
                ("plot_id", "text"),
                ("year", "whole"),
                ("judged_by", "text"),
                ("inspected_on", "day"),
                ("inspector", "text"),
                ("result", "text"),
                ("accepted_dm2", "whole"),
                ("survival_ppm", "whole"),
                ("certificate", "text"),
                ("events", "text"),
                ("evidence", "text"),
                ("source_id", "text"),
            ],
        ),
        Guard(
            "notice",
            ("notice_id",),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("notice_id", "text"),
                ("programme", "text"),
                ("year", "whole"),
                ("region_code", "text"),
                ("state", "text"),
                ("opens_on", "day"),
                ("closes_on", "day"),
                ("rows", "whole"),
                ("published_dm2", "whole"),
                ("published_fen", "whole"),
                ("digest", "text"),
                ("source_id", "text"),
            ],
        ),
        Guard(
            "objection",
            ("objection_id",),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("objection_id", "text"),
                ("notice_id", "text"),
                ("year", "whole"),
                ("holder_id", "text"),
                ("parcel_id", "text"),
                ("kind", "text"),
                ("received_on", "day"),
                ("outcome", "text"),
                ("answered_on", "day"),
                ("said", "text"),
                ("answer", "text"),
            ],
        ),
    ]
