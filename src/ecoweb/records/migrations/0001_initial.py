"""Tables of changes, the audit log, keys of sealed rows, and whose database it is."""

from __future__ import annotations

from django.db import migrations, models

import ecoweb.records.fields
from ecoweb.records.guards import AppendOnly


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("entry", models.TextField()),
            ],
            options={
                "db_table": "audit_entry",
            },
        ),
        migrations.CreateModel(
            name="OfficeMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("office", models.TextField()),
                ("name", models.TextField()),
                ("region_code", models.TextField()),
                ("key_check", models.TextField()),
            ],
            options={
                "db_table": "office",
            },
        ),
        migrations.CreateModel(
            name="Payload",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("salt", models.BinaryField()),
                ("payload", models.BinaryField()),
            ],
            options={
                "db_table": "audit_payload",
            },
        ),
        migrations.CreateModel(
            name="Blind",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("register", models.TextField()),
                ("object", models.TextField()),
                ("column", models.TextField()),
                ("token", models.BinaryField()),
            ],
            options={
                "db_table": "seal_blind",
                "indexes": [models.Index(fields=["register", "column", "token"], name="seal_blind_find")],
                "constraints": [models.UniqueConstraint(fields=("register", "object", "column", "token"), name="seal_blind_one")],
            },
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", ecoweb.records.fields.MomentField()),
                ("act", models.TextField()),
                ("actor", models.TextField()),
                ("reason", models.TextField()),
                ("source", models.TextField(blank=True)),
                ("tool", models.TextField()),
                ("digest", models.TextField(help_text="SHA-256 of the payload")),
            ],
            options={
                "db_table": "change",
                "indexes": [models.Index(fields=["at"], name="change_at")],
            },
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("register", models.TextField()),
                ("object", models.TextField()),
                ("wrapped", models.BinaryField()),
            ],
            options={
                "db_table": "seal",
                "constraints": [models.UniqueConstraint(fields=("register", "object"), name="seal_one")],
            },
        ),
        AppendOnly("change", "audit_entry"),
    ]
