"""Formats of codes, printers and productions, and the one way in which a card's HMAC may change."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


# What the statements are made of are names of our own tables and columns.
#: Of a batch of digits: those keep the digest that they always had.
BATCH = "id, face_value_points, number_of_cards, code_digits, expires_on, note, drafted_by_id, created_at"
PRINTER = "id, name, public_key, added_by_id, created_at"
PRODUCTION = "id, batch_id, kind, printer_id, started_by_id, created_at"


def _kept(table: str, columns: str, *, also: str) -> str:
    changed = " OR ".join(
        f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in [*columns.split(", "), "digest"]
    )
    return f"""
CREATE TRIGGER points_refuse_delete BEFORE DELETE ON points_payment_{table}
FOR EACH STATEMENT EXECUTE FUNCTION points_refuse();
CREATE TRIGGER points_refuse_truncate BEFORE TRUNCATE ON points_payment_{table}
FOR EACH STATEMENT EXECUTE FUNCTION points_refuse();
CREATE TRIGGER points_refuse_change BEFORE UPDATE ON points_payment_{table}
FOR EACH ROW WHEN ({changed} OR {also}) EXECUTE FUNCTION points_refuse();
CREATE TRIGGER points_set_digest BEFORE INSERT ON points_payment_{table}
FOR EACH ROW EXECUTE FUNCTION points_set_digest({columns});
"""


ROTATION = r"""
-- The only way in which what stands for a code may change: under a newer key, while the card is of use.
CREATE FUNCTION points_check_rotation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.last_key_version <= OLD.last_key_version OR NEW.code_hmac = OLD.code_hmac OR OLD.state = 'redeemed'
       OR NEW.digest IS DISTINCT FROM sha256(convert_to(concat_ws(
           '|', NEW.number, NEW.batch_id, NEW.first_key_version, NEW.last_key_version, NEW.last_four,
           encode(NEW.code_hmac, 'hex')), 'UTF8'))
    THEN
        RAISE EXCEPTION 'the code of card % changes by rotation alone', NEW.number USING ERRCODE = 'NQ003';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER points_check_rotation BEFORE UPDATE OF code_hmac, last_key_version, digest ON points_payment_card
FOR EACH ROW WHEN (
    OLD.code_hmac IS DISTINCT FROM NEW.code_hmac OR OLD.last_key_version IS DISTINCT FROM NEW.last_key_version
    OR OLD.digest IS DISTINCT FROM NEW.digest
) EXECUTE FUNCTION points_check_rotation();
"""

RULES = (
    f"""
DROP TRIGGER points_set_digest ON points_payment_batch;
CREATE TRIGGER points_set_digest BEFORE INSERT ON points_payment_batch
FOR EACH ROW WHEN (NEW.code_alphabet = 'digits') EXECUTE FUNCTION points_set_digest({BATCH});
CREATE TRIGGER points_set_digest_of_symbols BEFORE INSERT ON points_payment_batch
FOR EACH ROW WHEN (NEW.code_alphabet <> 'digits') EXECUTE FUNCTION points_set_digest({BATCH}, code_alphabet);
CREATE TRIGGER points_refuse_alphabet BEFORE UPDATE OF code_alphabet ON points_payment_batch
FOR EACH ROW WHEN (OLD.code_alphabet IS DISTINCT FROM NEW.code_alphabet) EXECUTE FUNCTION points_refuse();
"""
    + _kept(
        "printer",
        PRINTER,
        also="OLD.retired_at IS NOT NULL OR OLD.confirmed_at IS NOT NULL AND"
        " (OLD.confirmed_at, OLD.confirmed_by_id) IS DISTINCT FROM (NEW.confirmed_at, NEW.confirmed_by_id)",
    )
    + _kept(
        "cardproduction",
        PRODUCTION,
        also="OLD.state IN ('released', 'failed', 'discarded') OR OLD.state = 'ready' AND"
        " (OLD.file_name, OLD.file_bytes, OLD.file_sha256)"
        " IS DISTINCT FROM (NEW.file_name, NEW.file_bytes, NEW.file_sha256)",
    )
    + ROTATION
)
UNDO = f"""
DROP FUNCTION points_check_rotation CASCADE;
DROP TRIGGER points_refuse_alphabet ON points_payment_batch;
DROP TRIGGER points_set_digest_of_symbols ON points_payment_batch;
DROP TRIGGER points_set_digest ON points_payment_batch;
CREATE TRIGGER points_set_digest BEFORE INSERT ON points_payment_batch
FOR EACH ROW EXECUTE FUNCTION points_set_digest({BATCH});
"""


class Migration(migrations.Migration):

    dependencies = [
        ('points_payment', "0008_top_up_desk"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CardProduction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('list', 'List of codes (CSV)'), ('sheets', 'Sheets of cards to cut (PDF)')], default='list', max_length=12, verbose_name='file')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='started')),
                ('digest', models.BinaryField(default=b'', verbose_name='digest')),
                ('state', models.CharField(choices=[('waiting', 'Waiting to begin'), ('running', 'Under way'), ('ready', 'Waiting for release'), ('released', 'Released'), ('failed', 'Failed'), ('discarded', 'Discarded')], default='waiting', max_length=12, verbose_name='state')),
                ('cards_done', models.PositiveIntegerField(default=0, verbose_name='cards made')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('began_at', models.DateTimeField(blank=True, null=True, verbose_name='began')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished')),
                ('error_code', models.CharField(blank=True, max_length=64, verbose_name='error')),
                ('file_name', models.CharField(blank=True, max_length=120, verbose_name='name of the file')),
                ('file_bytes', models.BigIntegerField(default=0, verbose_name='size of the file')),
                ('file_sha256', models.CharField(blank=True, max_length=64, verbose_name='SHA-256 of the file')),
                ('released_at', models.DateTimeField(blank=True, null=True, verbose_name='released')),
            ],
            options={
                'verbose_name': 'production of cards',
                'verbose_name_plural': 'productions of cards',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Printer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True, verbose_name='name')),
                ('public_key', models.CharField(max_length=100, unique=True, verbose_name='public key (age)')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='since')),
                ('digest', models.BinaryField(default=b'', verbose_name='digest')),
                ('confirmed_at', models.DateTimeField(blank=True, null=True, verbose_name='confirmed')),
                ('retired_at', models.DateTimeField(blank=True, null=True, verbose_name='retired')),
            ],
            options={
                'verbose_name': 'printer',
                'verbose_name_plural': 'printers',
                'ordering': ['name'],
            },
        ),
        migrations.AddField(
            model_name='batch',
            name='code_alphabet',
            field=models.CharField(choices=[('digits', 'Digits'), ('crockford', 'Letters and digits')], db_default='digits', default='digits', max_length=12, verbose_name='symbols of a code'),
        ),
        migrations.AlterField(
            model_name='batch',
            name='state',
            field=models.CharField(choices=[('draft', 'Draft'), ('approved', 'Approved'), ('generated', 'Codes made'), ('exported', 'Codes downloaded'), ('received', 'Received from the printer'), ('stocked', 'In stock'), ('active', 'Active'), ('frozen', 'Frozen'), ('void', 'Void'), ('expired', 'Expired')], default='draft', max_length=12, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='batchevent',
            name='state',
            field=models.CharField(choices=[('draft', 'Draft'), ('approved', 'Approved'), ('generated', 'Codes made'), ('exported', 'Codes downloaded'), ('received', 'Received from the printer'), ('stocked', 'In stock'), ('active', 'Active'), ('frozen', 'Frozen'), ('void', 'Void'), ('expired', 'Expired')], max_length=12, verbose_name='state'),
        ),
        migrations.AddConstraint(
            model_name='batch',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('code_alphabet', 'digits'), ('code_digits__range', (16, 24))), models.Q(('code_alphabet', 'crockford'), ('code_digits', 16)), _connector='OR'), name='points_batch_code_format'),
        ),
        migrations.AddField(
            model_name='cardproduction',
            name='batch',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='productions', to='points_payment.batch', verbose_name='batch'),
        ),
        migrations.AddField(
            model_name='cardproduction',
            name='released_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='released by'),
        ),
        migrations.AddField(
            model_name='cardproduction',
            name='started_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='started by'),
        ),
        migrations.AddField(
            model_name='printer',
            name='added_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='added by'),
        ),
        migrations.AddField(
            model_name='printer',
            name='confirmed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='confirmed by'),
        ),
        migrations.AddField(
            model_name='printer',
            name='retired_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='retired by'),
        ),
        migrations.AddField(
            model_name='cardproduction',
            name='printer',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='productions', to='points_payment.printer', verbose_name='printer'),
        ),
        migrations.AddConstraint(
            model_name='printer',
            constraint=models.CheckConstraint(condition=models.Q(('confirmed_by', None), models.Q(('confirmed_by', models.F('added_by')), _negated=True), _connector='OR'), name='points_printer_two_people'),
        ),
        migrations.AddConstraint(
            model_name='cardproduction',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'failed'), _negated=True), fields=('batch',), name='points_produced_once'),
        ),
        migrations.AddConstraint(
            model_name='cardproduction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['ready', 'released']), _negated=True), models.Q(models.Q(('file_sha256', ''), _negated=True), models.Q(('file_name', ''), _negated=True)), _connector='OR'), name='points_produced_file'),
        ),
        migrations.AddConstraint(
            model_name='cardproduction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('released_at__isnull', False), ('state', 'released'), models.Q(('released_by', models.F('started_by')), _negated=True), ('released_by__isnull', False)), models.Q(models.Q(('state', 'released'), _negated=True), ('released_at', None), ('released_by', None)), _connector='OR'), name='points_released_by_other'),
        ),
        migrations.RunSQL(RULES, UNDO),
    ]
