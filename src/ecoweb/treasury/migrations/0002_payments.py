"""Tables of payments, with their guards."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

from ecoweb.records.guards import AppendOnly, Triggers

TABLES = (
    "pay_intake", "pay_fund", "pay_claim", "pay_row", "pay_source", "pay_event", "pay_notice", "pay_batch", "pay_line", "pay_slip",
    "pay_step", "pay_file", "pay_code", "pay_return", "pay_result", "pay_parked", "pay_decision",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0001_initial"),
        ("people", "0002_officer"),
        ("programmes", "0001_initial"),
        ("treasury", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PayEvent",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("n", models.BigIntegerField()),
                ("from_state", models.TextField()),
                ("to_state", models.TextField()),
                ("reason", models.TextField()),
                ("batch", models.BigIntegerField(null=True)),
                ("note", models.TextField()),
                ("change", models.BigIntegerField()),
            ],
            options={
                "db_table": "pay_event",
            },
        ),
        migrations.CreateModel(
            name="PayRow",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("row_id", models.TextField()),
                ("kind", models.TextField()),
                ("holder_id", models.TextField()),
                ("payee_id", models.TextField()),
                ("parcel_id", models.TextField()),
                ("programme", models.TextField()),
                ("year", models.BigIntegerField()),
                ("tranche", models.TextField()),
                ("part", models.BigIntegerField()),
                ("amount_fen", models.BigIntegerField()),
                ("region_code", models.TextField()),
                ("due_on", models.DateField()),
                ("intake", models.BigIntegerField()),
                ("original", models.BigIntegerField(null=True)),
                ("document", models.TextField()),
                ("change", models.BigIntegerField()),
            ],
            options={
                "db_table": "pay_row",
            },
        ),
        migrations.CreateModel(
            name="PaySlip",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("batch", models.BigIntegerField()),
                ("line", models.BigIntegerField()),
            ],
            options={
                "db_table": "pay_slip",
            },
        ),
        migrations.CreateModel(
            name="PaySource",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("entitlement_id", models.TextField()),
                ("envelope_id", models.TextField()),
                ("amount_fen", models.BigIntegerField()),
            ],
            options={
                "db_table": "pay_source",
            },
        ),
        migrations.CreateModel(
            name="PayStep",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("step", models.TextField()),
                ("role", models.TextField()),
                ("officer_id", models.TextField()),
                ("person_id", models.TextField()),
                ("for_person", models.TextField()),
                ("digest", models.TextField()),
                ("key", models.TextField(null=True)),
                ("note", models.TextField()),
                ("change", models.BigIntegerField()),
            ],
            options={
                "db_table": "pay_step",
            },
        ),
        migrations.CreateModel(
            name="PayBatch",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("batch_id", models.TextField()),
                ("region_code", models.TextField()),
                ("purpose", models.TextField()),
                ("made_on", models.DateField()),
                ("rows", models.BigIntegerField()),
                ("lines", models.BigIntegerField()),
                ("sum_fen", models.BigIntegerField()),
                ("digest", models.TextField()),
                ("change", models.BigIntegerField()),
            ],
            options={
                "db_table": "pay_batch",
                "constraints": [
                    models.UniqueConstraint(fields=("batch_id",), name="pay_batch_id"),
                    models.CheckConstraint(
                        condition=models.Q(("lines__gte", 1), ("rows__gte", 1), ("sum_fen__gte", 1)), name="pay_batch_some"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PayClaim",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("intake", models.BigIntegerField()),
                ("holder_id", models.TextField()),
                ("parcel_id", models.TextField()),
                ("programme", models.TextField()),
                ("year", models.BigIntegerField()),
                ("tranche", models.TextField()),
                ("entitlement_id", models.TextField()),
                ("entitled_fen", models.BigIntegerField()),
                ("funded_fen", models.BigIntegerField()),
                ("due_on", models.DateField()),
                ("change", models.BigIntegerField()),
            ],
            options={
                "db_table": "pay_claim",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("holder_id", "parcel_id", "programme", "year", "tranche", "intake"), name="pay_claim_key"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("entitled_fen__gte", models.F("funded_fen")), ("funded_fen__gte", 0)),
                        name="pay_claim_covered",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PayCode",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("batch", models.BigIntegerField()),
                ("no", models.BigIntegerField()),
                ("code", models.BinaryField()),
            ],
            options={
                "db_table": "pay_code",
                "constraints": [models.UniqueConstraint(fields=("batch", "no"), name="pay_code_key")],
            },
        ),
        migrations.CreateModel(
            name="PayDecision",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("subject", models.TextField()),
                ("outcome", models.TextField()),
                ("amount_fen", models.BigIntegerField()),
                ("document", models.TextField()),
                ("officer_id", models.TextField()),
                ("person_id", models.TextField()),
                ("confirms", models.BigIntegerField(null=True)),
                ("change", models.BigIntegerField()),
            ],
            options={
                "db_table": "pay_decision",
                "indexes": [models.Index(fields=["kind", "subject"], name="pay_decision_subject")],
                "constraints": [
                    models.UniqueConstraint(fields=("confirms",), name="pay_decision_once"),
                    models.CheckConstraint(condition=models.Q(("document", ""), _negated=True), name="pay_decision_document"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PayFile",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("encoding", models.TextField()),
                ("bytes", models.BigIntegerField()),
                ("sha256", models.TextField()),
                ("lines", models.BigIntegerField()),
                ("sum_fen", models.BigIntegerField()),
                ("codes_sha256", models.TextField()),
                ("change", models.BigIntegerField()),
                (
                    "batch",
                    models.ForeignKey(
                        db_column="batch",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="treasury.paybatch",
                    ),
                ),
            ],
            options={
                "db_table": "pay_file",
            },
        ),
        migrations.CreateModel(
            name="PayFund",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("intake", models.BigIntegerField()),
                ("envelope_id", models.TextField()),
                ("year", models.BigIntegerField()),
                ("opening_fen", models.BigIntegerField()),
                ("granted_fen", models.BigIntegerField()),
                ("lapsed_fen", models.BigIntegerField()),
                ("name_zh", models.TextField()),
                ("name_en", models.TextField()),
                ("document", models.TextField()),
                ("change", models.BigIntegerField()),
            ],
            options={
                "db_table": "pay_fund",
                "constraints": [
                    models.UniqueConstraint(fields=("envelope_id", "year", "intake"), name="pay_fund_key"),
                    models.CheckConstraint(
                        condition=models.Q(("granted_fen__gte", 0), ("lapsed_fen__gte", 0)), name="pay_fund_range"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PayIntake",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("root", models.TextField()),
                ("bundle", models.TextField()),
                ("year", models.BigIntegerField()),
                ("programme", models.TextField()),
                ("place", models.TextField()),
                ("added", models.BigIntegerField()),
                ("cancelled", models.BigIntegerField()),
                ("sum_fen", models.BigIntegerField()),
                ("key", models.TextField(null=True)),
                ("change", models.BigIntegerField()),
            ],
            options={
                "db_table": "pay_intake",
                "constraints": [
                    models.UniqueConstraint(fields=("root", "programme"), name="pay_intake_root"),
                    models.UniqueConstraint(fields=("key",), name="pay_intake_key"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PayLine",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("no", models.BigIntegerField()),
                ("payee_id", models.TextField()),
                ("party_row", models.BigIntegerField()),
                ("amount_fen", models.BigIntegerField()),
                ("purpose", models.TextField()),
                (
                    "batch",
                    models.ForeignKey(
                        db_column="batch",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="treasury.paybatch",
                    ),
                ),
            ],
            options={
                "db_table": "pay_line",
            },
        ),
        migrations.CreateModel(
            name="PayNotice",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("notice_id", models.TextField()),
                ("year", models.BigIntegerField()),
                ("programme", models.TextField()),
                ("region_code", models.TextField()),
                ("opens", models.DateField()),
                ("closes", models.DateField()),
                ("through", models.BigIntegerField()),
                ("rows", models.BigIntegerField()),
                ("sum_fen", models.BigIntegerField()),
                ("digest", models.TextField()),
                ("document", models.TextField()),
                ("change", models.BigIntegerField()),
            ],
            options={
                "db_table": "pay_notice",
                "constraints": [
                    models.UniqueConstraint(fields=("notice_id",), name="pay_notice_id"),
                    models.CheckConstraint(condition=models.Q(("closes__gte", models.F("opens"))), name="pay_notice_days"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PayParked",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("bank_return", models.BigIntegerField()),
                ("place", models.BigIntegerField()),
                ("batch", models.TextField()),
                ("no", models.BigIntegerField()),
                ("amount_fen", models.BigIntegerField()),
                ("outcome", models.TextField()),
                ("why", models.TextField()),
                ("change", models.BigIntegerField()),
            ],
            options={
                "db_table": "pay_parked",
                "indexes": [models.Index(fields=["bank_return"], name="pay_parked_return")],
            },
        ),
        migrations.CreateModel(
            name="PayResult",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("source", models.TextField()),
                ("batch", models.BigIntegerField()),
                ("no", models.BigIntegerField()),
                ("outcome", models.TextField()),
                ("amount_fen", models.BigIntegerField()),
                ("reason", models.TextField()),
                ("reference", models.TextField()),
                ("booked_on", models.TextField()),
                ("change", models.BigIntegerField()),
            ],
            options={
                "db_table": "pay_result",
                "indexes": [models.Index(fields=["batch", "no"], name="pay_result_line")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ["failed", "paid", "unknown"])), name="pay_result_code"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PayReturn",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("content", models.TextField()),
                ("name", models.TextField()),
                ("rows", models.BigIntegerField()),
                ("posted", models.BigIntegerField()),
                ("parked", models.BigIntegerField()),
                ("officer_id", models.TextField()),
                ("person_id", models.TextField()),
                ("change", models.BigIntegerField()),
                (
                    "batch",
                    models.ForeignKey(
                        db_column="batch",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="treasury.paybatch",
                    ),
                ),
            ],
            options={
                "db_table": "pay_return",
            },
        ),
        migrations.CreateModel(
            name="PayState",
            fields=[
                (
                    "row",
                    models.OneToOneField(
                        db_column="row",
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="treasury.payrow",
                    ),
                ),
                ("state", models.TextField()),
                ("reason", models.TextField()),
                ("n", models.BigIntegerField()),
                ("batch", models.BigIntegerField(null=True)),
            ],
            options={
                "db_table": "pay_state",
            },
        ),
        migrations.AddIndex(
            model_name="payrow",
            index=models.Index(fields=["payee_id"], name="pay_row_payee"),
        ),
        migrations.AddIndex(
            model_name="payrow",
            index=models.Index(fields=["year", "programme"], name="pay_row_year"),
        ),
        migrations.AddIndex(
            model_name="payrow",
            index=models.Index(condition=models.Q(("original__isnull", False)), fields=["original"], name="pay_row_original"),
        ),
        migrations.AddIndex(
            model_name="payrow",
            index=models.Index(fields=["parcel_id"], name="pay_row_parcel"),
        ),
        migrations.AddConstraint(
            model_name="payrow",
            constraint=models.UniqueConstraint(
                fields=("holder_id", "parcel_id", "programme", "year", "tranche", "part"), name="pay_row_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="payrow",
            constraint=models.UniqueConstraint(fields=("row_id",), name="pay_row_id"),
        ),
        migrations.AddConstraint(
            model_name="payrow",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "reissue")), fields=("original",), name="pay_row_reissued_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="payrow",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["clawback", "correction", "heir", "payment", "reissue", "release"])),
                name="pay_row_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="payrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount_fen__lt", 0), ("kind", "clawback")),
                    models.Q(models.Q(("kind", "clawback"), _negated=True), ("amount_fen__gt", 0)),
                    _connector="OR",
                ),
                name="pay_row_sign",
            ),
        ),
        migrations.AddConstraint(
            model_name="payrow",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("original", None), ("part", 0)), ("part__gt", 0), _connector="OR"), name="pay_row_part"
            ),
        ),
        migrations.AddField(
            model_name="payevent",
            name="row",
            field=models.ForeignKey(
                db_column="row", db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="treasury.payrow"
            ),
        ),
        migrations.AddField(
            model_name="payslip",
            name="row",
            field=models.ForeignKey(
                db_column="row", db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="treasury.payrow"
            ),
        ),
        migrations.AddField(
            model_name="paysource",
            name="row",
            field=models.ForeignKey(
                db_column="row", db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="treasury.payrow"
            ),
        ),
        migrations.AddField(
            model_name="paystep",
            name="batch",
            field=models.ForeignKey(
                db_column="batch",
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="treasury.paybatch",
            ),
        ),
        migrations.AddConstraint(
            model_name="payfile",
            constraint=models.UniqueConstraint(fields=("batch",), name="pay_file_batch"),
        ),
        migrations.AddConstraint(
            model_name="payfile",
            constraint=models.UniqueConstraint(fields=("sha256",), name="pay_file_once"),
        ),
        migrations.AddConstraint(
            model_name="payline",
            constraint=models.UniqueConstraint(fields=("batch", "no"), name="pay_line_key"),
        ),
        migrations.AddConstraint(
            model_name="payline",
            constraint=models.UniqueConstraint(fields=("batch", "payee_id"), name="pay_line_payee"),
        ),
        migrations.AddConstraint(
            model_name="payline",
            constraint=models.CheckConstraint(condition=models.Q(("amount_fen__gte", 1), ("no__gte", 1)), name="pay_line_some"),
        ),
        migrations.AddConstraint(
            model_name="payreturn",
            constraint=models.UniqueConstraint(fields=("batch", "content"), name="pay_return_once"),
        ),
        migrations.AddIndex(
            model_name="paystate",
            index=models.Index(fields=["state", "reason"], name="pay_state_state"),
        ),
        migrations.AddIndex(
            model_name="paystate",
            index=models.Index(condition=models.Q(("batch__isnull", False)), fields=["batch"], name="pay_state_batch"),
        ),
        migrations.AddConstraint(
            model_name="paystate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["cancelled", "failed", "held", "in_file", "paid", "ready", "reissued", "sent", "unknown"])
                ),
                name="pay_state_code",
            ),
        ),
        migrations.AddIndex(
            model_name="payevent",
            index=models.Index(fields=["change"], name="pay_event_change"),
        ),
        migrations.AddConstraint(
            model_name="payevent",
            constraint=models.UniqueConstraint(fields=("row", "n"), name="pay_event_key"),
        ),
        migrations.AddConstraint(
            model_name="payevent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("to_state", "paid")), fields=("row",), name="pay_event_paid_once"
            ),
        ),
        migrations.AddIndex(
            model_name="payslip",
            index=models.Index(fields=["batch", "line"], name="pay_slip_line"),
        ),
        migrations.AddConstraint(
            model_name="payslip",
            constraint=models.UniqueConstraint(fields=("batch", "row"), name="pay_slip_key"),
        ),
        migrations.AddConstraint(
            model_name="paysource",
            constraint=models.UniqueConstraint(fields=("row", "entitlement_id", "envelope_id"), name="pay_source_key"),
        ),
        migrations.AddConstraint(
            model_name="paysource",
            constraint=models.CheckConstraint(condition=models.Q(("amount_fen", 0), _negated=True), name="pay_source_some"),
        ),
        migrations.AddConstraint(
            model_name="paystep",
            constraint=models.UniqueConstraint(fields=("batch", "step"), name="pay_step_once"),
        ),
        migrations.AddConstraint(
            model_name="paystep",
            constraint=models.UniqueConstraint(fields=("key",), name="pay_step_key"),
        ),
        migrations.AddConstraint(
            model_name="paystep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "step__in",
                        ["approved", "archived", "cancelled", "checked", "compared", "made", "reconciled", "released", "written"],
                    )
                ),
                name="pay_step_code",
            ),
        ),
        AppendOnly(*TABLES),
        Triggers("ecoweb.treasury.payments_guards"),
    ]
