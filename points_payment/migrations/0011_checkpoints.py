"""Checkpoints of proved books, runs of the proof with their findings, alerts, and the rules of their tables."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


CHECKPOINT = (
    "id, day, position, seal_digest, transfers_count, entries_count, totals, flows, cards, previous_digest, created_at"
)


def _refuse(trigger: str, event: str, table: str, rest: str = "FOR EACH STATEMENT") -> str:
    return (
        f"CREATE TRIGGER {trigger} BEFORE {event} ON points_payment_{table} "
        f"{rest} EXECUTE FUNCTION points_refuse();\n"
    )


def _changed(*columns: str) -> str:
    return " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)


RULES = (
    _refuse("points_refuse_change", "UPDATE OR DELETE", "checkpoint")
    + _refuse("points_refuse_change", "UPDATE OR DELETE", "prooffinding")
    + _refuse("points_refuse_delete", "DELETE", "proofrun")
    + _refuse("points_refuse_delete", "DELETE", "ledgeralert")
    # How a proof ended, and why an alert was closed, stays as it was written.
    + _refuse(
        "points_refuse_change", "UPDATE", "proofrun",
        "FOR EACH ROW WHEN (OLD.finished_at IS NOT NULL OR "
        + _changed("id", "scope", "source", "actor_id", "asked_at") + ")",
    )
    + _refuse(
        "points_refuse_change", "UPDATE", "ledgeralert",
        "FOR EACH ROW WHEN (NOT OLD.is_open OR " + _changed("id", "first_run_id", "opened_at") + ")",
    )
    + "".join(
        _refuse("points_refuse_truncate", "TRUNCATE", table)
        for table in ("checkpoint", "prooffinding", "proofrun", "ledgeralert")
    )
    + "CREATE TRIGGER points_set_digest BEFORE INSERT ON points_payment_checkpoint "
    f"FOR EACH ROW EXECUTE FUNCTION points_set_digest({CHECKPOINT});\n"
)


class Migration(migrations.Migration):

    dependencies = [
        ('points_payment', "0010_supply_desk"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Checkpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(unique=True, verbose_name='day')),
                ('position', models.BigIntegerField(verbose_name='last seal')),
                ('seal_digest', models.BinaryField(verbose_name='digest of the last seal')),
                ('transfers_count', models.BigIntegerField(verbose_name='number of transfers')),
                ('entries_count', models.BigIntegerField(verbose_name='number of entries')),
                ('totals', models.JSONField(verbose_name='totals by kind of account')),
                ('flows', models.JSONField(verbose_name='issued and taken back by kind of transfer')),
                ('cards', models.JSONField(verbose_name='cards by state')),
                ('previous_digest', models.BinaryField(verbose_name='digest of the checkpoint before')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='when')),
                ('digest', models.BinaryField(default=b'', verbose_name='digest')),
            ],
            options={
                'verbose_name': 'checkpoint',
                'verbose_name_plural': 'checkpoints',
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('position__gte', 0)), name='points_checkpoint_place')],
            },
        ),
        migrations.CreateModel(
            name='ProofRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.CharField(choices=[('whole', 'All books'), ('since', 'Since the last checkpoint')], max_length=8, verbose_name='scope')),
                ('source', models.CharField(choices=[('beat', 'The calendar'), ('command', 'A command'), ('page', 'A person')], max_length=8, verbose_name='asked by')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('clean', 'Proved'), ('failed', 'Not proved')], default='waiting', max_length=8, verbose_name='state')),
                ('asked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='asked')),
                ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='started')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished')),
                ('checks_total', models.PositiveSmallIntegerField(default=0, verbose_name='number of checks')),
                ('checks_done', models.PositiveSmallIntegerField(default=0, verbose_name='checks made')),
                ('findings_count', models.PositiveIntegerField(default=0, verbose_name='number of findings')),
                ('sealed_count', models.PositiveIntegerField(default=0, verbose_name='transfers sealed')),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='who')),
                ('checkpoint', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='made_by', to='points_payment.checkpoint', verbose_name='checkpoint')),
                ('since', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='later_runs', to='points_payment.checkpoint', verbose_name='since')),
            ],
            options={
                'verbose_name': 'proof of the books',
                'verbose_name_plural': 'proofs of the books',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ProofFinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('check_slug', models.CharField(max_length=64, verbose_name='check')),
                ('culprit', models.CharField(max_length=200, verbose_name='culprit')),
                ('expected', models.TextField(verbose_name='expected')),
                ('found', models.TextField(verbose_name='found')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='points_payment.proofrun', verbose_name='proof')),
            ],
            options={
                'verbose_name': 'finding of a proof',
                'verbose_name_plural': 'findings of proofs',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='LedgerAlert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('opened_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='opened')),
                ('is_open', models.BooleanField(default=True, verbose_name='open')),
                ('acknowledged_at', models.DateTimeField(blank=True, null=True, verbose_name='since when')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('resolved_at', models.DateTimeField(blank=True, null=True, verbose_name='resolved')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('acknowledged_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='being looked at by')),
                ('resolved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='resolved by')),
                ('clean_run', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='points_payment.proofrun', verbose_name='proved by')),
                ('first_run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='points_payment.proofrun', verbose_name='raised by')),
                ('last_run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='points_payment.proofrun', verbose_name='last failed')),
            ],
            options={
                'verbose_name': 'alert of the ledger',
                'verbose_name_plural': 'alerts of the ledger',
                'ordering': ['-id'],
            },
        ),
        migrations.AddConstraint(
            model_name='proofrun',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('finished_at', None), ('state__in', ['waiting', 'running'])), models.Q(('findings_count', 0), ('finished_at__isnull', False), ('state', 'clean')), models.Q(('findings_count__gt', 0), ('finished_at__isnull', False), ('state', 'failed')), _connector='OR'), name='points_proof_ends_with_findings'),
        ),
        migrations.AddConstraint(
            model_name='ledgeralert',
            constraint=models.UniqueConstraint(condition=models.Q(('is_open', True)), fields=('is_open',), name='points_alert_one_open'),
        ),
        migrations.AddConstraint(
            model_name='ledgeralert',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('clean_run', None), ('is_open', True), ('reason', ''), ('resolved_at', None), ('resolved_by', None)), models.Q(models.Q(('reason', ''), _negated=True), ('clean_run__gt', models.F('last_run')), ('is_open', False), ('resolved_at__isnull', False), ('resolved_by__isnull', False)), _connector='OR'), name='points_alert_resolved_by_proof'),
        ),
        migrations.RunSQL(RULES, migrations.RunSQL.noop),
    ]
