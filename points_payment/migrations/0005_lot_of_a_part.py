"""A credit may become a new lot in part, and fill lots that are there with the rest."""

from importlib import import_module

from django.db import migrations

RULES = import_module("points_payment.migrations.0002_rules")
OLD = "p_new_lot integer, p_new_lot_expires_at timestamptz"
DROP_OLD = (
    "DROP FUNCTION points_post_transfer(text, text, text, text, bigint, text, bigint, text[], bigint[], bigint[],"
    " bigint[], bigint[], bigint[], integer, timestamptz);"
)
DROP_NEW = DROP_OLD.replace("timestamptz)", "timestamptz, bigint)")
WHOLE = "p_amounts[p_new_lot], p_amounts[p_new_lot], p_new_lot_expires_at"
PART = (
    "coalesce(p_new_lot_points, p_amounts[p_new_lot]), coalesce(p_new_lot_points, p_amounts[p_new_lot]),"
    " p_new_lot_expires_at"
)
POSTING = RULES.POSTING.replace(OLD, f"{OLD}, p_new_lot_points bigint").replace(WHOLE, PART)


class Migration(migrations.Migration):
    dependencies = [("points_payment", "0004_supply_chain")]

    operations = [migrations.RunSQL(DROP_OLD + POSTING, DROP_NEW + RULES.POSTING)]
