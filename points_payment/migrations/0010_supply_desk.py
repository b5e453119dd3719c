"""Alerts of guessing, who changed distributors and shops, and windows of the limits."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

CHANGE = ("id", "distributor_id", "shop_id", "values", "actor_id", "reason", "created_at")
ALERT = ("id", "scope", "subject", "hour", "created_at")
#: What was looked at stays so.
TOUCHED = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in ALERT)
RULES = f"""
CREATE TRIGGER points_refuse_change BEFORE UPDATE OR DELETE ON points_payment_holderchange
FOR EACH STATEMENT EXECUTE FUNCTION points_refuse();
CREATE TRIGGER points_refuse_truncate BEFORE TRUNCATE ON points_payment_holderchange
FOR EACH STATEMENT EXECUTE FUNCTION points_refuse();
CREATE TRIGGER points_set_digest BEFORE INSERT ON points_payment_holderchange
FOR EACH ROW EXECUTE FUNCTION points_set_digest({", ".join(CHANGE)});

CREATE TRIGGER points_refuse_delete BEFORE DELETE ON points_payment_guessingalert
FOR EACH STATEMENT EXECUTE FUNCTION points_refuse();
CREATE TRIGGER points_refuse_truncate BEFORE TRUNCATE ON points_payment_guessingalert
FOR EACH STATEMENT EXECUTE FUNCTION points_refuse();
CREATE TRIGGER points_refuse_change BEFORE UPDATE ON points_payment_guessingalert
FOR EACH ROW WHEN ({TOUCHED} OR OLD.seen_at IS NOT NULL AND (
    OLD.seen_at IS DISTINCT FROM NEW.seen_at OR OLD.seen_by_id IS DISTINCT FROM NEW.seen_by_id
    OR OLD.note IS DISTINCT FROM NEW.note
)) EXECUTE FUNCTION points_refuse();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('points_payment', "0009_batch_production"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='attemptcounter',
            name='since',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='since'),
        ),
        migrations.CreateModel(
            name='GuessingAlert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.CharField(choices=[('account', 'Account'), ('device', 'Device'), ('address', 'Network address'), ('global', 'Everyone')], max_length=12, verbose_name='scope')),
                ('subject', models.CharField(max_length=64, verbose_name='subject')),
                ('hour', models.DateTimeField(verbose_name='hour')),
                ('failures', models.PositiveIntegerField(verbose_name='wrong codes')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='when')),
                ('seen_at', models.DateTimeField(blank=True, null=True, verbose_name='looked at')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('seen_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='looked at by')),
            ],
            options={
                'verbose_name': 'alert of guessing',
                'verbose_name_plural': 'alerts of guessing',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('seen_at', None)), fields=['id'], name='points_alert_waiting')],
                'constraints': [models.UniqueConstraint(fields=('scope', 'subject', 'hour'), name='points_alert_once_an_hour'), models.CheckConstraint(condition=models.Q(models.Q(('note', ''), ('seen_at', None), ('seen_by', None)), models.Q(('seen_at__isnull', False), ('seen_by__isnull', False)), _connector='OR'), name='points_alert_seen_by_someone')],
            },
        ),
        migrations.CreateModel(
            name='HolderChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('values', models.JSONField(default=dict, verbose_name='values')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='when')),
                ('digest', models.BinaryField(default=b'', verbose_name='digest')),
                ('actor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='who')),
                ('distributor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='points_payment.distributor', verbose_name='distributor')),
                ('shop', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='points_payment.shop', verbose_name='shop')),
            ],
            options={
                'verbose_name': 'change of a holder of cards',
                'verbose_name_plural': 'changes of holders of cards',
                'ordering': ['id'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('distributor', None), ('shop__isnull', False)), models.Q(('distributor__isnull', False), ('shop', None)), _connector='OR'), name='points_change_of_one_holder')],
            },
        ),
        migrations.RunSQL(RULES, migrations.RunSQL.noop),
    ]
