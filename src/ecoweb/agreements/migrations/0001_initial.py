"""Tables of agreements with their guards."""

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
            name="Agreement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("agreement_id", models.TextField()),
                ("name", models.TextField()),
                ("version", models.BigIntegerField()),
                ("previous", models.TextField(null=True)),
                ("state", models.TextField()),
                ("parties", models.TextField()),
                ("signed_on", models.DateField(null=True)),
                ("term_from", models.DateField()),
                ("term_to", models.DateField()),
                ("body", models.TextField()),
                ("sha256", models.TextField()),
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
                "db_table": "agreement",
                "indexes": [
                    models.Index(
                        condition=models.Q(("previous__isnull", False)),
                        fields=["previous"],
                        name="agreement_previous",
                        opclasses=["text_pattern_ops"],
                    ),
                    models.Index(condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="agreement_ended_by"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="agreement_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="agreement_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="agreement_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("agreement_id", "valid_from", "known_from"),
                        name="agreement_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("agreement_id", ""), _negated=True), name="agreement_agreement_id_given"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["draft", "expired", "in_force", "renewed", "signed", "terminated"]),
                            ("state", None),
                            _connector="OR",
                        ),
                        name="agreement_state_code",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AgreementDispute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("case_id", models.TextField()),
                ("agreement_id", models.TextField()),
                ("year", models.TextField()),
                ("clause", models.TextField()),
                ("state", models.TextField()),
                ("claim", models.TextField()),
                ("decision", models.TextField(null=True)),
                ("decided_by", models.TextField(null=True)),
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
                "db_table": "agreement_dispute",
                "indexes": [
                    models.Index(fields=["agreement_id"], name="agreement_dispute_agreement_id", opclasses=["text_pattern_ops"]),
                    models.Index(
                        condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="agreement_dispute_ended_by"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="agreement_dispute_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="agreement_dispute_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="agreement_dispute_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("case_id", "valid_from", "known_from"),
                        name="agreement_dispute_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("case_id", ""), _negated=True), name="agreement_dispute_case_id_given"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["agreed", "decided", "escalated", "negotiating", "open", "withdrawn"]),
                            ("state", None),
                            _connector="OR",
                        ),
                        name="agreement_dispute_state_code",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AgreementPayment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("payment_id", models.TextField()),
                ("agreement_id", models.TextField()),
                ("year", models.TextField()),
                ("payer", models.TextField()),
                ("payee", models.TextField()),
                ("amount_fen", models.BigIntegerField()),
                ("paid_on", models.DateField()),
                ("journal", models.TextField(null=True)),
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
                "db_table": "agreement_payment",
                "indexes": [
                    models.Index(fields=["agreement_id"], name="agreement_payment_agreement_id", opclasses=["text_pattern_ops"]),
                    models.Index(
                        condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="agreement_payment_ended_by"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="agreement_payment_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="agreement_payment_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="agreement_payment_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("payment_id", "valid_from", "known_from"),
                        name="agreement_payment_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("payment_id", ""), _negated=True), name="agreement_payment_payment_id_given"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_fen__gte", 1), ("amount_fen", None), _connector="OR"),
                        name="agreement_payment_amount_fen_range",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AgreementYear",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("agreement_id", models.TextField()),
                ("year", models.TextField()),
                ("state", models.TextField()),
                ("result", models.TextField()),
                ("facts", models.TextField()),
                ("readings_sha256", models.TextField()),
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
                "db_table": "agreement_year",
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="agreement_year_ended_by"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="agreement_year_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="agreement_year_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="agreement_year_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("agreement_id", "year", "valid_from", "known_from"),
                        name="agreement_year_key",
                        opclasses=["text_pattern_ops", "text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("agreement_id", ""), _negated=True), name="agreement_year_agreement_id_given"
                    ),
                    models.CheckConstraint(condition=models.Q(("year", ""), _negated=True), name="agreement_year_year_given"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["confirmed", "open", "settled"]), ("state", None), _connector="OR"),
                        name="agreement_year_state_code",
                    ),
                ],
            },
        ),
        Guard(
            "agreement",
            ("agreement_id",),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("agreement_id", "text"),
                ("name", "text"),
                ("version", "whole"),
                ("previous", "text"),
                ("state", "text"),
                ("parties", "text"),
                ("signed_on", "day"),
                ("term_from", "day"),
                ("term_to", "day"),
                ("body", "text"),
                ("sha256", "text"),
                ("document", "text"),
            ],
        ),
        Guard(
            "agreement_year",
            ("agreement_id", "year"),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("agreement_id", "text"),
                ("year", "text"),
                ("state", "text"),
                ("result", "text"),
                ("facts", "text"),
                ("readings_sha256", "text"),
                ("document", "text"),
            ],
        ),
        Guard(
            "agreement_dispute",
            ("case_id",),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("case_id", "text"),
                ("agreement_id", "text"),
                ("year", "text"),
                ("clause", "text"),
                ("state", "text"),
                ("claim", "text"),
                ("decision", "text"),
                ("decided_by", "text"),
                ("document", "text"),
            ],
        ),
        Guard(
            "agreement_payment",
            ("payment_id",),
            [
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("payment_id", "text"),
                ("agreement_id", "text"),
                ("year", "text"),
                ("payer", "text"),
                ("payee", "text"),
                ("amount_fen", "whole"),
                ("paid_on", "day"),
                ("journal", "text"),
                ("document", "text"),
            ],
        ),
    ]
