"""Where cards go: distributors, shops, consignments, replacements, and the rules of their tables."""

import django.contrib.postgres.constraints
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

# What the statements are made of are names of our own tables and columns.
#: Of one event: those of a whole batch keep the digest that they always had.
BATCH_EVENT = (
    "id, batch_id, state, card_state, first_number, last_number, transfer_id, actor_id, reason, created_at"
)
CONSIGNMENT = (
    "id, batch_id, parent_id, split_from_id, distributor_id, shop_id, first_number, last_number, created_at"
)
CONSIGNMENT_EVENT = "id, consignment_id, state, cards, owed_points, transfer_id, actor_id, reason, created_at"
REPLACEMENT = "id, card_id, reason, proof_seen, requested_by_id, created_at"


def _append_only(table: str) -> str:
    return (
        f"CREATE TRIGGER points_refuse_change BEFORE UPDATE OR DELETE ON points_payment_{table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION points_refuse();\n"
    )


def _kept(table: str, columns: str) -> str:
    fixed = [*columns.split(", "), "digest"]
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in fixed)
    return (
        f"CREATE TRIGGER points_refuse_delete BEFORE DELETE ON points_payment_{table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION points_refuse();\n"
        f"CREATE TRIGGER points_refuse_change BEFORE UPDATE OF {', '.join(fixed)} ON points_payment_{table} "
        f"FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION points_refuse();\n"
    )


def _for_good(table: str, columns: str) -> str:
    return (
        f"CREATE TRIGGER points_refuse_truncate BEFORE TRUNCATE ON points_payment_{table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION points_refuse();\n"
        f"CREATE TRIGGER points_set_digest BEFORE INSERT ON points_payment_{table} "
        f"FOR EACH ROW EXECUTE FUNCTION points_set_digest({columns});\n"
    )


CHECK = r"""
-- A part lies within what it is part of.
CREATE FUNCTION points_check_consignment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM points_payment_batch b WHERE b.id = NEW.batch_id
        AND NEW.first_number >= b.first_number AND NEW.last_number <= b.last_number
    ) OR NEW.parent_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM points_payment_consignment p WHERE p.id = NEW.parent_id AND p.batch_id = NEW.batch_id
        AND p.distributor_id IS NOT NULL AND p.state NOT IN ('returned', 'split')
        AND NEW.first_number >= p.first_number AND NEW.last_number <= p.last_number
    ) THEN
        RAISE EXCEPTION 'a consignment lies within its batch and what it is part of' USING ERRCODE = 'NQ003';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER points_check_consignment BEFORE INSERT ON points_payment_consignment
FOR EACH ROW EXECUTE FUNCTION points_check_consignment();
"""

RULES = (
    f"""
DROP TRIGGER points_set_digest ON points_payment_batchevent;
CREATE TRIGGER points_set_digest BEFORE INSERT ON points_payment_batchevent
FOR EACH ROW WHEN (NEW.scope = 'batch') EXECUTE FUNCTION points_set_digest({BATCH_EVENT});
CREATE TRIGGER points_set_digest_of_range BEFORE INSERT ON points_payment_batchevent
FOR EACH ROW WHEN (NEW.scope <> 'batch')
EXECUTE FUNCTION points_set_digest({BATCH_EVENT}, scope, consignment_id);
"""
    + CHECK
    + _append_only("consignmentevent")
    + _kept("consignment", CONSIGNMENT)
    + _kept("cardreplacement", REPLACEMENT)
    + _for_good("consignmentevent", CONSIGNMENT_EVENT)
    + _for_good("consignment", CONSIGNMENT)
    + _for_good("cardreplacement", REPLACEMENT)
)
UNDO = f"""
DROP FUNCTION points_check_consignment CASCADE;
DROP TRIGGER points_set_digest_of_range ON points_payment_batchevent;
DROP TRIGGER points_set_digest ON points_payment_batchevent;
CREATE TRIGGER points_set_digest BEFORE INSERT ON points_payment_batchevent
FOR EACH ROW EXECUTE FUNCTION points_set_digest({BATCH_EVENT});
"""


class Migration(migrations.Migration):
    dependencies = [
        ("points_payment", "0003_lock_and_read_lots"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Distributor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, unique=True, verbose_name="name")),
                ("phone", models.CharField(blank=True, max_length=20, verbose_name="phone")),
                (
                    "governorate",
                    models.CharField(
                        choices=[
                            ("BG", "Baghdad"),
                            ("BA", "Basra"),
                            ("NI", "Nineveh"),
                            ("AR", "Erbil"),
                            ("SU", "Sulaymaniyah"),
                            ("DA", "Duhok"),
                            ("HA", "Halabja"),
                            ("KI", "Kirkuk"),
                            ("AN", "Anbar"),
                            ("BB", "Babil"),
                            ("DQ", "Dhi Qar"),
                            ("DI", "Diyala"),
                            ("KA", "Karbala"),
                            ("MA", "Maysan"),
                            ("MU", "Muthanna"),
                            ("NA", "Najaf"),
                            ("QA", "Qadisiyah"),
                            ("SD", "Saladin"),
                            ("WA", "Wasit"),
                        ],
                        max_length=2,
                        verbose_name="governorate",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
                ("is_active", models.BooleanField(default=True, verbose_name="gets new cards")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="since"
                    ),
                ),
            ],
            options={
                "verbose_name": "distributor",
                "verbose_name_plural": "distributors",
                "ordering": ["name"],
            },
        ),
        migrations.AddField(
            model_name="batchevent",
            name="scope",
            field=models.CharField(
                choices=[
                    ("batch", "The whole batch"),
                    ("range", "A range of its cards"),
                    ("card", "One card"),
                ],
                db_default="batch",
                default="batch",
                max_length=8,
                verbose_name="about",
            ),
        ),
        migrations.AlterField(
            model_name="account",
            name="kind",
            field=models.CharField(
                choices=[
                    ("customer_paid", "Wallet, paid points"),
                    ("customer_promotional", "Wallet, promotional points"),
                    ("vendor_escrow", "Held for a vendor"),
                    ("vendor_payable", "Payable to a vendor"),
                    ("vendor_receivable", "Owed by a vendor"),
                    ("shop", "Owed by a shop that sells cards"),
                    ("collections", "Cash collected from shops"),
                    ("batch", "Cards in circulation"),
                    ("operator", "Cash taken by an operator"),
                    ("commission", "Commission"),
                    ("promotions", "Promotions"),
                    ("payouts", "Payouts"),
                    ("breakage", "Expired points and cards"),
                    ("adjustments", "Adjustments"),
                ],
                max_length=24,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="batchevent",
            name="actor",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="who",
            ),
        ),
        migrations.AlterField(
            model_name="lot",
            name="account_kind",
            field=models.CharField(
                choices=[
                    ("customer_paid", "Wallet, paid points"),
                    ("customer_promotional", "Wallet, promotional points"),
                    ("vendor_escrow", "Held for a vendor"),
                    ("vendor_payable", "Payable to a vendor"),
                    ("vendor_receivable", "Owed by a vendor"),
                    ("shop", "Owed by a shop that sells cards"),
                    ("collections", "Cash collected from shops"),
                    ("batch", "Cards in circulation"),
                    ("operator", "Cash taken by an operator"),
                    ("commission", "Commission"),
                    ("promotions", "Promotions"),
                    ("payouts", "Payouts"),
                    ("breakage", "Expired points and cards"),
                    ("adjustments", "Adjustments"),
                ],
                max_length=24,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="transfer",
            name="kind",
            field=models.CharField(
                choices=[
                    ("card_activation", "Cards activated"),
                    ("card_void", "Cards voided"),
                    ("card_return", "Cards returned by a shop"),
                    ("card_replacement", "Card replaced"),
                    ("shop_payment", "Payment of a shop"),
                    ("card_redemption", "Card redeemed"),
                    ("card_expiry", "Cards expired"),
                    ("top_up", "Top-up"),
                    ("top_up_reversal", "Top-up reversed"),
                    ("purchase", "Purchase"),
                    ("release", "Released to the vendor"),
                    ("cancellation", "Cancellation"),
                    ("return", "Return"),
                    ("voucher", "Voucher"),
                    ("referral", "Referral"),
                    ("goodwill", "Goodwill"),
                    ("points_expiry", "Promotional points expired"),
                    ("payout", "Payout"),
                    ("payout_returned", "Payout returned"),
                    ("adjustment", "Adjustment"),
                ],
                max_length=24,
                verbose_name="kind",
            ),
        ),
        migrations.CreateModel(
            name="Consignment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("first_number", models.BigIntegerField(verbose_name="first number")),
                ("last_number", models.BigIntegerField(verbose_name="last number")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="sent"
                    ),
                ),
                ("digest", models.BinaryField(default=b"", verbose_name="digest")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sent", "On its way"),
                            ("active", "Active"),
                            ("frozen", "Frozen"),
                            ("returned", "Returned"),
                            ("split", "Split into parts"),
                            ("void", "Void"),
                            ("expired", "Expired"),
                        ],
                        default="sent",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("activated_at", models.DateTimeField(blank=True, null=True, verbose_name="activated")),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consignments",
                        to="points_payment.batch",
                        verbose_name="batch",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="points_payment.consignment",
                        verbose_name="out of",
                    ),
                ),
                (
                    "split_from",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pieces",
                        to="points_payment.consignment",
                        verbose_name="piece of",
                    ),
                ),
                (
                    "distributor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consignments",
                        to="points_payment.distributor",
                        verbose_name="distributor",
                    ),
                ),
            ],
            options={
                "verbose_name": "consignment",
                "verbose_name_plural": "consignments",
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="batchevent",
            name="consignment",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="card_events",
                to="points_payment.consignment",
                verbose_name="consignment",
            ),
        ),
        migrations.CreateModel(
            name="ConsignmentEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sent", "On its way"),
                            ("active", "Active"),
                            ("frozen", "Frozen"),
                            ("returned", "Returned"),
                            ("split", "Split into parts"),
                            ("void", "Void"),
                            ("expired", "Expired"),
                        ],
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("cards", models.PositiveIntegerField(default=0, verbose_name="cards")),
                ("owed_points", models.BigIntegerField(default=0, verbose_name="owed")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="when"
                    ),
                ),
                ("digest", models.BinaryField(default=b"", verbose_name="digest")),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who",
                    ),
                ),
                (
                    "consignment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="points_payment.consignment",
                        verbose_name="consignment",
                    ),
                ),
                (
                    "transfer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="points_payment.transfer",
                        verbose_name="transfer",
                    ),
                ),
            ],
            options={
                "verbose_name": "event of a consignment",
                "verbose_name_plural": "events of consignments",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Shop",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("phone", models.CharField(blank=True, max_length=20, verbose_name="phone")),
                (
                    "governorate",
                    models.CharField(
                        choices=[
                            ("BG", "Baghdad"),
                            ("BA", "Basra"),
                            ("NI", "Nineveh"),
                            ("AR", "Erbil"),
                            ("SU", "Sulaymaniyah"),
                            ("DA", "Duhok"),
                            ("HA", "Halabja"),
                            ("KI", "Kirkuk"),
                            ("AN", "Anbar"),
                            ("BB", "Babil"),
                            ("DQ", "Dhi Qar"),
                            ("DI", "Diyala"),
                            ("KA", "Karbala"),
                            ("MA", "Maysan"),
                            ("MU", "Muthanna"),
                            ("NA", "Najaf"),
                            ("QA", "Qadisiyah"),
                            ("SD", "Saladin"),
                            ("WA", "Wasit"),
                        ],
                        max_length=2,
                        verbose_name="governorate",
                    ),
                ),
                ("address", models.CharField(blank=True, max_length=200, verbose_name="address")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
                ("is_active", models.BooleanField(default=True, verbose_name="gets new cards")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="since"
                    ),
                ),
                (
                    "distributor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shops",
                        to="points_payment.distributor",
                        verbose_name="distributor",
                    ),
                ),
            ],
            options={
                "verbose_name": "shop",
                "verbose_name_plural": "shops",
                "ordering": ["name", "id"],
            },
        ),
        migrations.AddField(
            model_name="consignment",
            name="shop",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="consignments",
                to="points_payment.shop",
                verbose_name="shop",
            ),
        ),
        migrations.CreateModel(
            name="CardReplacement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="what happened to it")),
                ("proof_seen", models.CharField(max_length=200, verbose_name="what was seen as proof")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="requested"
                    ),
                ),
                ("digest", models.BinaryField(default=b"", verbose_name="digest")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "Waiting for approval"),
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                        ],
                        default="requested",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                ("answer", models.CharField(blank=True, max_length=200, verbose_name="answer")),
                (
                    "card",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replacements",
                        to="points_payment.card",
                        verbose_name="damaged card",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "new_card",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replacement_of",
                        to="points_payment.card",
                        verbose_name="new card",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="requested by",
                    ),
                ),
                (
                    "transfer",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="card_replacement",
                        to="points_payment.transfer",
                        verbose_name="transfer",
                    ),
                ),
            ],
            options={
                "verbose_name": "replacement of a card",
                "verbose_name_plural": "replacements of cards",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "refused"), _negated=True),
                        fields=("card",),
                        name="points_card_replaced_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("new_card__isnull", False),
                                ("state", "approved"),
                                ("transfer__isnull", False),
                            ),
                            models.Q(
                                models.Q(("state", "approved"), _negated=True),
                                ("new_card", None),
                                ("transfer", None),
                            ),
                            _connector="OR",
                        ),
                        name="points_replacement_has_card",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by", None),
                            models.Q(("decided_by", models.F("requested_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="points_replacement_two_people",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="shop",
            constraint=models.UniqueConstraint(
                fields=("name", "governorate", "address"), name="points_shop_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="shop",
            constraint=models.CheckConstraint(condition=models.Q(("id__gt", 0)), name="points_shop_positive"),
        ),
        migrations.AddIndex(
            model_name="consignment",
            index=django.contrib.postgres.indexes.GistIndex(
                models.Func(
                    models.F("first_number"),
                    models.F("last_number"),
                    models.Value("[]"),
                    function="int8range",
                ),
                name="points_consigned_numbers",
            ),
        ),
        migrations.AddConstraint(
            model_name="consignment",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_number__gte", models.F("first_number"))),
                name="points_consigned_some",
            ),
        ),
        migrations.AddConstraint(
            model_name="consignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("distributor", None), ("shop__isnull", False)),
                    models.Q(("distributor__isnull", False), ("parent", None), ("shop", None)),
                    _connector="OR",
                ),
                name="points_consigned_to_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="consignment",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(
                    ("parent", None), models.Q(("state__in", ("returned", "split")), _negated=True)
                ),
                expressions=[
                    (
                        models.Func(
                            models.F("first_number"),
                            models.F("last_number"),
                            models.Value("[]"),
                            function="int8range",
                        ),
                        "&&",
                    )
                ],
                name="points_consigned_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="consignment",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(
                    ("parent__isnull", False), models.Q(("state__in", ("returned", "split")), _negated=True)
                ),
                expressions=[
                    (
                        models.Func(
                            models.F("first_number"),
                            models.F("last_number"),
                            models.Value("[]"),
                            function="int8range",
                        ),
                        "&&",
                    )
                ],
                name="points_consigned_once_within",
            ),
        ),
        migrations.RunSQL(RULES, UNDO),
    ]
