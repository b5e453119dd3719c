"""Locking a wallet and reading what it can spend, in one round trip.

Two statements within: the second sees what the first waited for, which a join would not.
"""

from django.db import migrations

FUNCTION = r"""
CREATE FUNCTION points_lock_spendable_lots(p_customer_id bigint)
RETURNS TABLE (lot_id bigint, is_promotional boolean, remaining_points bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM 1 FROM points_payment_wallet w WHERE w.user_id = p_customer_id FOR NO KEY UPDATE;
    RETURN QUERY
    SELECT l.id, l.account_kind = 'customer_promotional', l.remaining_points
    FROM points_payment_lot l
    WHERE l.customer_id = p_customer_id AND l.remaining_points > 0
      AND (l.expires_at IS NULL OR l.expires_at > now())
    -- Promotional lots by expiry, then paid ones by age.
    ORDER BY l.account_kind = 'customer_promotional' DESC, l.expires_at ASC NULLS LAST, l.id;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("points_payment", "0002_rules")]

    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION points_lock_spendable_lots")]
