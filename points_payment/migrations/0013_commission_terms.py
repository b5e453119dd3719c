"""Terms of a commission beyond its percentage, frozen with each allocation: fixed, at least, at most.

They never change either and are covered by the digest. An allocation whose digest was right until now gets its new
one; one that somebody changed keeps what gives it away.
"""

from django.db import migrations, models

BEFORE = (
    "id", "reference", "order_reference", "customer_id", "vendor_id", "transfer_id", "gross_points",
    "paid_points", "promotional_points", "commission_basis_points", "created_at",
)  # fmt: skip
TERMS = ("commission_fixed_points", "commission_floor_points", "commission_cap_points")
AFTER = (*BEFORE[:-1], *TERMS, BEFORE[-1])


def _triggers(columns: tuple[str, ...]) -> str:
    fixed = (*columns, "digest")
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in fixed)
    return (
        "CREATE TRIGGER points_set_digest BEFORE INSERT ON points_payment_allocation "
        f"FOR EACH ROW EXECUTE FUNCTION points_set_digest({', '.join(columns)});\n"
        f"CREATE TRIGGER points_refuse_change BEFORE UPDATE OF {', '.join(fixed)} ON points_payment_allocation "
        f"FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION points_refuse();\n"
    )


def _digest(columns: tuple[str, ...]) -> str:
    names = ", ".join(f"'{column}'" for column in columns)
    return f"points_row_digest(to_jsonb(a), {names})"


def _renew(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    return (
        "DROP TRIGGER points_refuse_change ON points_payment_allocation;\n"
        "DROP TRIGGER points_set_digest ON points_payment_allocation;\n"
        # Digests are made in UTC, as the trigger does; until the migration's transaction ends.
        "SET LOCAL timezone = 'UTC';\n"
        f"UPDATE points_payment_allocation AS a SET digest = {_digest(after)}\n"  # noqa: S608 - constants above
        f"WHERE digest = {_digest(before)};\n" + _triggers(after)
    )


COMMISSION = r"""
-- The same rule as services.escrow.commission_on, a second time: the proof compares the two.
CREATE FUNCTION points_commission(
    points bigint, gross bigint, basis_points integer, fixed bigint, floor bigint, cap bigint
) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT div(
        points * least(
            greatest(gross::numeric * basis_points + fixed::numeric * 10000, floor::numeric * 10000),
            cap::numeric * 10000,
            gross::numeric * 10000
        ) + gross::numeric * 5000,
        nullif(gross, 0)::numeric * 10000
    )::bigint
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("points_payment", "0012_wallet")]

    operations = [
        migrations.AddField(
            model_name="allocation",
            name="commission_fixed_points",
            field=models.BigIntegerField(default=0, verbose_name="fixed commission"),
        ),
        migrations.AddField(
            model_name="allocation",
            name="commission_floor_points",
            field=models.BigIntegerField(default=0, verbose_name="least commission"),
        ),
        migrations.AddField(
            model_name="allocation",
            name="commission_cap_points",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="most commission"),
        ),
        migrations.AddConstraint(
            model_name="allocation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("commission_fixed_points__gte", 0),
                    ("commission_floor_points__gte", 0),
                    models.Q(
                        ("commission_cap_points", None),
                        ("commission_cap_points__gte", models.F("commission_floor_points")),
                        _connector="OR",
                    ),
                ),
                name="points_allocation_terms",
            ),
        ),
        migrations.RunSQL(
            COMMISSION + _renew(BEFORE, AFTER),
            _renew(AFTER, BEFORE) + "DROP FUNCTION points_commission;",
        ),
    ]
