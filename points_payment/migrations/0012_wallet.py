"""What a wallet's statement reads: the kind of each entry beside its account; and lots by their last day."""

from django.db import migrations, models

# Only guarded accounts: the others' entries are many, and nobody reads them by kind.
COPY_KIND = r"""
CREATE FUNCTION points_copy_transfer_kind() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT t.kind INTO NEW.transfer_kind FROM points_payment_transfer t WHERE t.id = NEW.transfer_id;
    RETURN NEW;
END $$;
CREATE TRIGGER points_copy_transfer_kind BEFORE INSERT ON points_payment_entry
FOR EACH ROW WHEN (NEW.balance_after_points IS NOT NULL) EXECUTE FUNCTION points_copy_transfer_kind();

ALTER TABLE points_payment_entry DISABLE TRIGGER points_refuse_change;
UPDATE points_payment_entry e SET transfer_kind = t.kind
FROM points_payment_transfer t WHERE t.id = e.transfer_id AND e.balance_after_points IS NOT NULL;
ALTER TABLE points_payment_entry ENABLE TRIGGER points_refuse_change;
"""
DROP = "DROP FUNCTION points_copy_transfer_kind CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("points_payment", "0011_checkpoints")]

    operations = [
        migrations.AddField(
            model_name="entry",
            name="transfer_kind",
            field=models.CharField(max_length=24, null=True, editable=False, verbose_name="kind"),
        ),
        migrations.RunSQL(COPY_KIND, DROP),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                condition=models.Q(("transfer_kind__isnull", False)),
                fields=["transfer_kind", "account", "id"],
                name="points_entry_by_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="lot",
            index=models.Index(
                condition=models.Q(("expires_at__isnull", False), ("remaining_points__gt", 0)),
                fields=["expires_at"],
                name="points_lot_expiring",
            ),
        ),
    ]
