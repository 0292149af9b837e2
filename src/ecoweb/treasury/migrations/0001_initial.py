"""Tables of the ledger, made and guarded by `treasury.schema`."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

from ecoweb.records.guards import Triggers
from ecoweb.treasury.schema import Books


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("records", "0001_initial"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[Books()],
            state_operations=[
                migrations.CreateModel(
                    name="Envelope",
                    fields=[
                        ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("name", models.TextField(unique=True)),
                        ("debits", models.BigIntegerField()),
                        ("credits", models.BigIntegerField()),
                    ],
                    options={
                        "db_table": "ledger_envelope",
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="Account",
                    fields=[
                        ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("code", models.BigIntegerField(unique=True)),
                        ("name", models.TextField(unique=True)),
                        ("family", models.BigIntegerField()),
                        (
                            "envelope",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="treasury.envelope",
                            ),
                        ),
                        ("side", models.BigIntegerField()),
                        ("floor_fen", models.BigIntegerField(null=True)),
                        (
                            "change",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="records.change",
                            ),
                        ),
                        ("ready", models.BigIntegerField()),
                    ],
                    options={
                        "db_table": "ledger_account",
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="Balance",
                    fields=[
                        ("account", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("debit_posted", models.BigIntegerField()),
                        ("credit_posted", models.BigIntegerField()),
                        ("debit_pending", models.BigIntegerField()),
                        ("credit_pending", models.BigIntegerField()),
                        ("side", models.BigIntegerField()),
                        ("floor_fen", models.BigIntegerField(null=True)),
                        ("ceiling_fen", models.BigIntegerField(null=True)),
                        ("is_open", models.BigIntegerField()),
                        ("last_journal", models.BigIntegerField()),
                    ],
                    options={
                        "db_table": "ledger_balance",
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="Rule",
                    fields=[
                        ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("account", models.BigIntegerField()),
                        ("floor_fen", models.BigIntegerField(null=True)),
                        ("ceiling_fen", models.BigIntegerField(null=True)),
                        ("is_open", models.BigIntegerField()),
                        (
                            "change",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="records.change",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "ledger_rule",
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="Journal",
                    fields=[
                        ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("key", models.TextField(unique=True)),
                        ("book_on", models.DateField()),
                        ("memo", models.TextField()),
                        (
                            "reverses",
                            models.OneToOneField(
                                null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="treasury.journal"
                            ),
                        ),
                        ("first_id", models.BigIntegerField()),
                        ("lines", models.BigIntegerField()),
                        ("amount_fen", models.BigIntegerField()),
                        ("pending", models.BigIntegerField()),
                        ("settling", models.BigIntegerField()),
                        ("crossing", models.BigIntegerField()),
                        ("content", models.TextField()),
                        ("prev_hash", models.TextField()),
                        ("hash", models.TextField(unique=True)),
                        (
                            "change",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="records.change",
                            ),
                        ),
                        ("sealed", models.BigIntegerField()),
                    ],
                    options={
                        "db_table": "ledger_journal",
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="Open",
                    fields=[
                        ("journal", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("first_id", models.BigIntegerField()),
                    ],
                    options={
                        "db_table": "ledger_open",
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="Transfer",
                    fields=[
                        ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("journal_id", models.BigIntegerField()),
                        ("debit", models.BigIntegerField()),
                        ("credit", models.BigIntegerField()),
                        ("amount_fen", models.BigIntegerField()),
                        ("kind", models.TextField()),
                        ("reference", models.TextField()),
                        ("phase", models.BigIntegerField()),
                        ("settles_id", models.BigIntegerField(null=True)),
                        ("released_fen", models.BigIntegerField(null=True)),
                    ],
                    options={
                        "db_table": "ledger_transfer",
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="Mark",
                    fields=[
                        ("journal_id", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("marks", models.BinaryField()),
                    ],
                    options={
                        "db_table": "ledger_mark",
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="Close",
                    fields=[
                        ("journal_id", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("closed_to", models.DateField(unique=True)),
                    ],
                    options={
                        "db_table": "ledger_close",
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="Opening",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "journal_id", "account", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("journal_id", models.BigIntegerField()),
                        ("account", models.BigIntegerField()),
                        ("debit_posted", models.BigIntegerField()),
                        ("credit_posted", models.BigIntegerField()),
                        ("debit_pending", models.BigIntegerField()),
                        ("credit_pending", models.BigIntegerField()),
                    ],
                    options={
                        "db_table": "ledger_opening",
                        "indexes": [],
                        "constraints": [],
                    },
                ),
                migrations.CreateModel(
                    name="BankDay",
                    fields=[
                        ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("account", models.BigIntegerField()),
                        ("on_day", models.DateField()),
                        ("said_fen", models.BigIntegerField()),
                        ("document", models.TextField()),
                        (
                            "change",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="records.change",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "ledger_bank",
                        "indexes": [],
                        "constraints": [],
                    },
                ),
            ],
        ),
        Triggers("ecoweb.treasury.schema"),
    ]
