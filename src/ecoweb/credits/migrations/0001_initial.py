"""Tables of eco-credits, with their guards."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import ecoweb.records.fields
from ecoweb.records.guards import Guard, Triggers


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("records", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.TextField(unique=True)),
                ("digest", models.TextField(help_text="SHA-256 of what was asked")),
                ("at", ecoweb.records.fields.MomentField()),
                ("day", models.DateField()),
                ("act", models.TextField()),
                ("actor", models.TextField()),
                ("instrument", models.TextField()),
                ("body", models.TextField()),
                ("change", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.change")),
            ],
            options={
                "db_table": "credit_event",
                "indexes": [models.Index(fields=["instrument", "act"], name="credit_event_act")],
            },
        ),
        migrations.CreateModel(
            name="Issue",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("issue_id", models.TextField(unique=True)),
                ("instrument", models.TextField()),
                ("kind", models.TextField()),
                ("project_id", models.TextField()),
                ("first", models.BigIntegerField()),
                ("last", models.BigIntegerField()),
                ("vintage", models.BigIntegerField()),
                ("period_from", models.DateField()),
                ("period_to", models.DateField()),
                ("expires_on", models.DateField(null=True)),
                ("quality", models.TextField()),
                ("region_code", models.TextField()),
                ("foreign_ref", models.TextField(null=True, unique=True)),
                ("event", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="credits.event")),
            ],
            options={
                "db_table": "credit_issue",
                "indexes": [
                    models.Index(fields=["project_id"], name="credit_issue_project"),
                    models.Index(fields=["instrument", "last"], name="credit_issue_last"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("first__gte", 1), ("last__gte", models.F("first"))), name="credit_issue_serials"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("period_to__gt", models.F("period_from"))), name="credit_issue_period"
                    ),
                    models.CheckConstraint(condition=models.Q(("kind__in", ["imported", "issued"])), name="credit_issue_kind"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Block",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("instrument", models.TextField()),
                ("first", models.BigIntegerField()),
                ("last", models.BigIntegerField()),
                ("state", models.TextField()),
                ("account", models.TextField()),
                ("lien", models.TextField()),
                ("purpose", models.TextField()),
                ("beneficiary", models.TextField()),
                ("period", models.TextField()),
                (
                    "ended_by",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="credits.event"),
                ),
                ("made_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="credits.event")),
                (
                    "issue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="credits.issue", to_field="issue_id"
                    ),
                ),
            ],
            options={
                "db_table": "credit_block",
                "indexes": [
                    models.Index(condition=models.Q(("ended_by", None)), fields=["instrument", "last"], name="credit_block_open"),
                    models.Index(
                        condition=models.Q(("ended_by", None)),
                        fields=["account", "instrument", "state"],
                        name="credit_block_account",
                    ),
                    models.Index(
                        condition=models.Q(("ended_by", None), models.Q(("lien", ""), _negated=True)),
                        fields=["lien"],
                        name="credit_block_lien_open",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("first__gte", 1), ("last__gte", models.F("first"))), name="credit_block_serials"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["buffer", "cancelled", "exported", "held", "locked", "pledged", "retired"])
                        ),
                        name="credit_block_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_by", None),
                            models.Q(("state__in", ["cancelled", "exported", "retired"]), _negated=True),
                            _connector="OR",
                        ),
                        name="credit_block_terminal",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "retired"), _negated=True),
                            models.Q(models.Q(("purpose", ""), _negated=True), models.Q(("beneficiary", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="credit_block_retired",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["locked", "pledged"]), _negated=True),
                            models.Q(("lien", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="credit_block_lien",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("order_id", models.TextField(unique=True)),
                ("market", models.TextField(help_text="book, or call:<name>")),
                ("instrument", models.TextField()),
                ("account", models.TextField()),
                ("side", models.TextField()),
                ("quantity", models.BigIntegerField()),
                ("price", models.BigIntegerField(null=True)),
                ("open", models.BigIntegerField()),
                ("event", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="credits.event")),
            ],
            options={
                "db_table": "credit_order",
                "indexes": [
                    models.Index(condition=models.Q(("open__gt", 0)), fields=["instrument", "market"], name="credit_order_open"),
                    models.Index(condition=models.Q(("open__gt", 0)), fields=["account"], name="credit_order_account"),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("side__in", ["buy", "sell"])), name="credit_order_side"),
                    models.CheckConstraint(
                        condition=models.Q(("open__gte", 0), ("open__lte", models.F("quantity")), ("quantity__gte", 1)),
                        name="credit_order_quantity",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("price__gte", 1), ("price", None), _connector="OR"), name="credit_order_price"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Trade",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("place", models.TextField(help_text="deal, auction or book")),
                ("instrument", models.TextField()),
                ("day", models.DateField()),
                ("buyer", models.TextField()),
                ("seller", models.TextField()),
                ("quantity", models.BigIntegerField()),
                ("amount_fen", models.BigIntegerField()),
                ("buyer_fee_fen", models.BigIntegerField()),
                ("seller_fee_fen", models.BigIntegerField()),
                ("serials", models.TextField()),
                ("buy_order", models.TextField()),
                ("sell_order", models.TextField()),
                ("envelope", models.TextField()),
                ("receipt", models.TextField()),
                ("event", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="credits.event")),
            ],
            options={
                "db_table": "credit_trade",
                "indexes": [models.Index(fields=["instrument", "day"], name="credit_trade_day")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount_fen__gte", 0), ("buyer_fee_fen__gte", 0), ("quantity__gte", 1), ("seller_fee_fen__gte", 0)
                        ),
                        name="credit_trade_figures",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("buyer", models.F("seller")), _negated=True), name="credit_trade_two_sides"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Zero",
            fields=[
                ("n", models.BigIntegerField(primary_key=True, serialize=False)),
            ],
            options={
                "db_table": "credit_zero",
                "constraints": [models.CheckConstraint(condition=models.Q(("n", 0)), name="credit_zero_only")],
            },
        ),
        migrations.CreateModel(
            name="Balance",
            fields=[
                ("instrument", models.TextField(primary_key=True, serialize=False)),
                ("minted", models.BigIntegerField()),
                ("held", models.BigIntegerField()),
                ("pledged", models.BigIntegerField()),
                ("locked", models.BigIntegerField()),
                ("retired", models.BigIntegerField()),
                ("cancelled", models.BigIntegerField()),
                ("exported", models.BigIntegerField()),
                ("buffer", models.BigIntegerField()),
                (
                    "gap",
                    models.ForeignKey(
                        db_column="gap",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="credits.zero",
                    ),
                ),
            ],
            options={
                "db_table": "credit_balance",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("minted__gte", 0)), name="credit_balance_minted"),
                    models.CheckConstraint(condition=models.Q(("buffer__gte", 0)), name="credit_balance_buffer"),
                    models.CheckConstraint(condition=models.Q(("cancelled__gte", 0)), name="credit_balance_cancelled"),
                    models.CheckConstraint(condition=models.Q(("exported__gte", 0)), name="credit_balance_exported"),
                    models.CheckConstraint(condition=models.Q(("held__gte", 0)), name="credit_balance_held"),
                    models.CheckConstraint(condition=models.Q(("locked__gte", 0)), name="credit_balance_locked"),
                    models.CheckConstraint(condition=models.Q(("pledged__gte", 0)), name="credit_balance_pledged"),
                    models.CheckConstraint(condition=models.Q(("retired__gte", 0)), name="credit_balance_retired"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("account_id", models.TextField()),
                ("party_id", models.TextField()),
                ("name", models.TextField()),
                ("kind", models.TextField()),
                ("role", models.TextField()),
                ("region_code", models.TextField()),
                ("sector", models.TextField(null=True)),
                ("envelope", models.TextField(null=True)),
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
                "db_table": "credit_account",
                "indexes": [
                    models.Index(fields=["party_id"], name="credit_account_party_id", opclasses=["text_pattern_ops"]),
                    models.Index(
                        condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="credit_account_ended_by"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="credit_account_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="credit_account_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="credit_account_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("account_id", "valid_from", "known_from"),
                        name="credit_account_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("account_id", ""), _negated=True), name="credit_account_account_id_given"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["bank", "collective", "company", "group", "household", "person", "state_unit"]),
                            ("kind", None),
                            _connector="OR",
                        ),
                        name="credit_account_kind_code",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditDuty",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("account_id", models.TextField()),
                ("instrument", models.TextField()),
                ("period", models.TextField()),
                ("due", models.BigIntegerField()),
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
                "db_table": "credit_duty",
                "indexes": [
                    models.Index(condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="credit_duty_ended_by")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="credit_duty_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="credit_duty_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="credit_duty_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("account_id", "instrument", "period", "valid_from", "known_from"),
                        name="credit_duty_key",
                        opclasses=["text_pattern_ops", "text_pattern_ops", "text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("account_id", ""), _negated=True), name="credit_duty_account_id_given"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("instrument", ""), _negated=True), name="credit_duty_instrument_given"
                    ),
                    models.CheckConstraint(condition=models.Q(("period", ""), _negated=True), name="credit_duty_period_given"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditGround",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("project_id", models.TextField()),
                ("parcel_id", models.TextField()),
                ("share_num", models.BigIntegerField()),
                ("share_den", models.BigIntegerField()),
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
                "db_table": "credit_ground",
                "indexes": [
                    models.Index(fields=["parcel_id"], name="credit_ground_parcel_id", opclasses=["text_pattern_ops"]),
                    models.Index(
                        condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="credit_ground_ended_by"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="credit_ground_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="credit_ground_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="credit_ground_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("project_id", "parcel_id", "valid_from", "known_from"),
                        name="credit_ground_key",
                        opclasses=["text_pattern_ops", "text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("project_id", ""), _negated=True), name="credit_ground_project_id_given"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("parcel_id", ""), _negated=True), name="credit_ground_parcel_id_given"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("share_den__gte", models.F("share_num")), ("share_num__gt", 0)),
                            models.Q(("share_den", None), ("share_num", None)),
                            _connector="OR",
                        ),
                        name="credit_ground_share",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditProject",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("project_id", models.TextField()),
                ("instrument", models.TextField()),
                ("benefit", models.TextField()),
                ("title", models.TextField()),
                ("account_id", models.TextField()),
                ("region_code", models.TextField()),
                ("methodology", models.TextField(null=True)),
                ("quality", models.TextField(null=True)),
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
                "db_table": "credit_project",
                "indexes": [
                    models.Index(fields=["account_id"], name="credit_project_account_id", opclasses=["text_pattern_ops"]),
                    models.Index(
                        condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="credit_project_ended_by"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="credit_project_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="credit_project_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="credit_project_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("project_id", "valid_from", "known_from"),
                        name="credit_project_key",
                        opclasses=["text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("project_id", ""), _negated=True), name="credit_project_project_id_given"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditTrust",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("known_from", ecoweb.records.fields.MomentField()),
                ("known_to", ecoweb.records.fields.MomentField(null=True)),
                ("account_id", models.TextField()),
                ("counterparty_id", models.TextField()),
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
                "db_table": "credit_trust",
                "indexes": [
                    models.Index(condition=models.Q(("ended_by__isnull", False)), fields=["ended_by"], name="credit_trust_ended_by")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from")), ("valid_to", None), _connector="OR"),
                        name="credit_trust_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("known_to__gte", models.F("known_from")), ("known_to", None), _connector="OR"),
                        name="credit_trust_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by", None), ("known_to", None)),
                            models.Q(("ended_by__isnull", False), ("known_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="credit_trust_ended",
                    ),
                    models.UniqueConstraint(
                        fields=("account_id", "counterparty_id", "valid_from", "known_from"),
                        name="credit_trust_key",
                        opclasses=["text_pattern_ops", "text_pattern_ops", "date_ops", "int8_ops"],
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("account_id", ""), _negated=True), name="credit_trust_account_id_given"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("counterparty_id", ""), _negated=True), name="credit_trust_counterparty_id_given"
                    ),
                ],
            },
        ),
        Guard(
            register="credit_account",
            key=("account_id",),
            columns=(
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("account_id", "text"),
                ("party_id", "text"),
                ("name", "text"),
                ("kind", "text"),
                ("role", "text"),
                ("region_code", "text"),
                ("sector", "text"),
                ("envelope", "text"),
                ("document", "text"),
            ),
        ),
        Guard(
            register="credit_trust",
            key=("account_id", "counterparty_id"),
            columns=(
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("account_id", "text"),
                ("counterparty_id", "text"),
                ("document", "text"),
            ),
        ),
        Guard(
            register="credit_project",
            key=("project_id",),
            columns=(
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("project_id", "text"),
                ("instrument", "text"),
                ("benefit", "text"),
                ("title", "text"),
                ("account_id", "text"),
                ("region_code", "text"),
                ("methodology", "text"),
                ("quality", "text"),
                ("document", "text"),
            ),
        ),
        Guard(
            register="credit_ground",
            key=("project_id", "parcel_id"),
            columns=(
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("project_id", "text"),
                ("parcel_id", "text"),
                ("share_num", "whole"),
                ("share_den", "whole"),
            ),
        ),
        Guard(
            register="credit_duty",
            key=("account_id", "instrument", "period"),
            columns=(
                ("valid_from", "day"),
                ("valid_to", "day"),
                ("known_from", "whole"),
                ("known_to", "whole"),
                ("change_id", "whole"),
                ("ended_by_id", "whole"),
                ("account_id", "text"),
                ("instrument", "text"),
                ("period", "text"),
                ("due", "whole"),
                ("document", "text"),
            ),
        ),
        Triggers(
            module="ecoweb.credits.guards",
        ),
    ]
