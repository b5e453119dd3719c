"""What the platform adds to an order's part since it bears a discount, and what of it came back.

What was added never changes and is covered by the digest. An allocation whose digest was right until now gets its new
one; one that somebody changed keeps what gives it away.
"""

from importlib import import_module

from django.db import migrations, models

#: Digests are made anew in the same way.
_renew = import_module("points_payment.migrations.0013_commission_terms")._renew

BEFORE = (
    "id", "reference", "order_reference", "customer_id", "vendor_id", "transfer_id", "gross_points",
    "paid_points", "promotional_points", "commission_basis_points", "commission_fixed_points",
    "commission_floor_points", "commission_cap_points", "created_at",
)  # fmt: skip
AFTER = (*BEFORE[:9], "subsidy_points", *BEFORE[9:])


REPLACED = ("points_allocation_parts", "points_allocation_refund_by_bucket")


class Migration(migrations.Migration):
    dependencies = [("points_payment", "0014_payouts")]

    operations = [
        *(migrations.RemoveConstraint(model_name="allocation", name=name) for name in REPLACED),
        *(
            migrations.AddField(
                model_name=model,
                name=name,
                field=models.BigIntegerField(default=0, verbose_name=label),
            )
            for model, name, label in (
                ("allocation", "subsidy_points", "of these from the platform"),
                ("allocation", "refunded_subsidy_points", "refunded to the platform"),
                ("allocationmove", "refunded_subsidy_points", "refunded to the platform"),
            )
        ),
        migrations.AddConstraint(
            model_name="allocation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    gross_points__gt=0,
                    paid_points__gte=0,
                    promotional_points__gte=0,
                    subsidy_points__gte=0,
                    gross_points=models.F("paid_points")
                    + models.F("promotional_points")
                    + models.F("subsidy_points"),
                ),
                name=REPLACED[0],
            ),
        ),
        migrations.AddConstraint(
            model_name="allocation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    refunded_promotional_points__gte=0,
                    refunded_promotional_points__lte=models.F("promotional_points"),
                    refunded_subsidy_points__gte=0,
                    refunded_subsidy_points__lte=models.F("subsidy_points"),
                    refunded_points__gte=models.F("refunded_promotional_points")
                    + models.F("refunded_subsidy_points"),
                    refunded_points__lte=models.F("refunded_promotional_points")
                    + models.F("refunded_subsidy_points")
                    + models.F("paid_points"),
                ),
                name=REPLACED[1],
            ),
        ),
        migrations.RunSQL(_renew(BEFORE, AFTER), _renew(AFTER, BEFORE)),
    ]
