"""The rules that the database holds itself: posting in one statement, and what nobody may change.

``points_post_transfer`` is the only writer of transfers, entries and balances. SQLSTATEs of its own:
NQ001 a guarded balance would go below 0, NQ002 a lot changed meanwhile, NQ003 a rule of the books
is broken.
"""

from django.db import migrations

DIGESTS = r"""
CREATE FUNCTION points_transfer_digest(
    kind text, idempotency_key text, request_hash text, entries_count integer, reverses_id bigint, reference text,
    actor_id bigint, reason text, created_at timestamptz, entries jsonb
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256(convert_to(jsonb_build_array(
        kind, idempotency_key, request_hash, entries_count, reverses_id, reference, actor_id, reason,
        extract(epoch FROM created_at), entries
    )::text, 'UTF8'))
$$;

CREATE FUNCTION points_row_digest(record jsonb, VARIADIC columns text[])
RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256(convert_to(
        (SELECT jsonb_agg(record -> c.name ORDER BY c.place) FROM unnest(columns) WITH ORDINALITY AS c (name, place))
        ::text, 'UTF8'))
$$;

-- Arguments: the columns that never change after the row is written.
CREATE FUNCTION points_set_digest() RETURNS trigger LANGUAGE plpgsql SET timezone = 'UTC' AS $$
BEGIN
    NEW.digest := points_row_digest(to_jsonb(NEW), VARIADIC TG_ARGV);
    RETURN NEW;
END $$;
"""

REFUSALS = r"""
CREATE FUNCTION points_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: the books are append-only', TG_OP, TG_TABLE_NAME USING ERRCODE = 'NQ003';
END $$;
"""

#: Rows that are written once.
APPEND_ONLY = (
    "account", "transfer", "entry", "seal", "lotuse", "allocationmove", "batchevent", "topup",
)
#: Rows that stay, with the columns that never change and the ones that the digest covers.
KEPT = {
    "wallet": (("user_id",), ()),
    "vendorbalance": (("vendor_id",), ()),
    "lot": (
        ("id", "customer_id", "account_id", "account_kind", "transfer_id", "original_points", "expires_at",
         "created_at", "digest"),
        ("id", "customer_id", "account_id", "account_kind", "transfer_id", "original_points", "expires_at",
         "created_at"),
    ),
    "allocation": (
        ("id", "reference", "order_reference", "customer_id", "vendor_id", "transfer_id", "gross_points",
         "paid_points", "promotional_points", "commission_basis_points", "created_at", "digest"),
        ("id", "reference", "order_reference", "customer_id", "vendor_id", "transfer_id", "gross_points",
         "paid_points", "promotional_points", "commission_basis_points", "created_at"),
    ),
    "batch": (
        ("id", "face_value_points", "number_of_cards", "code_digits", "expires_on", "note", "drafted_by_id",
         "created_at", "digest"),
        ("id", "face_value_points", "number_of_cards", "code_digits", "expires_on", "note", "drafted_by_id",
         "created_at"),
    ),
    # The digest of a card is made where its code is made: a trigger would cost a second per 50,000 cards.
    "card": (("id", "number", "batch_id", "last_four", "first_key_version"), ()),
    "idempotencykey": (("id", "scope", "key", "request_hash", "created_at"), ()),
}
BATCH_EVENT_DIGEST = (
    "id", "batch_id", "state", "card_state", "first_number", "last_number", "transfer_id", "actor_id", "reason",
    "created_at",
)


def _refusals() -> str:
    statements = []
    for table in APPEND_ONLY:
        statements.append(
            f"CREATE TRIGGER points_refuse_change BEFORE UPDATE OR DELETE ON points_payment_{table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION points_refuse();"
        )
    for table, (fixed, _) in KEPT.items():
        changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in fixed)
        statements.append(
            f"CREATE TRIGGER points_refuse_delete BEFORE DELETE ON points_payment_{table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION points_refuse();\n"
            f"CREATE TRIGGER points_refuse_change BEFORE UPDATE OF {', '.join(fixed)} ON points_payment_{table} "
            f"FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION points_refuse();"
        )
    for table in (*APPEND_ONLY, *KEPT):
        statements.append(
            f"CREATE TRIGGER points_refuse_truncate BEFORE TRUNCATE ON points_payment_{table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION points_refuse();"
        )
    return "\n".join(statements)


def _digest_triggers() -> str:
    covered = {table: columns for table, (_, columns) in KEPT.items() if columns}
    covered["batchevent"] = BATCH_EVENT_DIGEST
    return "\n".join(
        f"CREATE TRIGGER points_set_digest BEFORE INSERT ON points_payment_{table} "
        f"FOR EACH ROW EXECUTE FUNCTION points_set_digest({', '.join(columns)});"
        for table, columns in covered.items()
    )


REDEEMED_STAYS = r"""
CREATE TRIGGER points_card_stays_redeemed BEFORE UPDATE OF state, redemption_id ON points_payment_card
FOR EACH ROW WHEN (OLD.state = 'redeemed') EXECUTE FUNCTION points_refuse();
"""

ENTRIES = r"""
-- Once per INSERT, over all of its rows: a transfer comes whole, and sums to 0.
CREATE FUNCTION points_check_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_bad bigint;
BEGIN
    SELECT n.transfer_id INTO v_bad
    FROM (
        SELECT e.transfer_id, sum(e.amount_points) AS total, count(a.id) AS entries
        FROM new_entries e LEFT JOIN points_payment_account a ON a.id = e.account_id
        GROUP BY e.transfer_id
    ) n
    LEFT JOIN points_payment_transfer t ON t.id = n.transfer_id
    WHERE t.id IS NULL OR n.total <> 0 OR n.entries <> t.entries_count
       OR t.entries_count <> (SELECT count(*) FROM points_payment_entry x WHERE x.transfer_id = n.transfer_id)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the entries of transfer % are not whole, or do not sum to 0', v_bad USING ERRCODE = 'NQ003';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER points_check_entries AFTER INSERT ON points_payment_entry
REFERENCING NEW TABLE AS new_entries FOR EACH STATEMENT EXECUTE FUNCTION points_check_entries();
"""

POSTING = r"""
CREATE FUNCTION points_post_transfer(
    p_kind text, p_key text, p_request_hash text, p_reference text, p_actor_id bigint, p_reason text,
    p_reverses_id bigint,
    -- One posting per account, in the order in which guarded balances are to be locked.
    p_account_kinds text[], p_owner_ids bigint[], p_amounts bigint[],
    -- Lots taken from (negative) or given back to (positive, with the use that is returned).
    p_lot_ids bigint[], p_lot_points bigint[], p_lot_returns bigint[],
    -- The posting that becomes a new lot, counted from 1; 0 for none.
    p_new_lot integer, p_new_lot_expires_at timestamptz
) RETURNS TABLE (transfer_id bigint, is_new boolean, stored_hash text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_count integer := cardinality(p_account_kinds);
    v_accounts bigint[];
    v_after bigint[];
    v_balance bigint;
    v_rows integer;
    v_transfer bigint;
    v_hash text;
    i integer;
BEGIN
    INSERT INTO points_payment_transfer (
        kind, idempotency_key, request_hash, entries_count, reverses_id, reference, actor_id, reason, created_at, digest
    ) VALUES (
        p_kind, p_key, p_request_hash, v_count, p_reverses_id, p_reference, p_actor_id, p_reason, now(),
        points_transfer_digest(
            p_kind, p_key, p_request_hash, v_count, p_reverses_id, p_reference, p_actor_id, p_reason, now(),
            (SELECT jsonb_agg(jsonb_build_array(u.kind, u.owner, u.amount) ORDER BY u.kind COLLATE "C", u.owner)
             FROM unnest(p_account_kinds, p_owner_ids, p_amounts) AS u (kind, owner, amount))
        )
    ) ON CONFLICT (idempotency_key) DO NOTHING RETURNING id INTO v_transfer;
    IF v_transfer IS NULL THEN
        RETURN QUERY SELECT t.id, false, t.request_hash::text
        FROM points_payment_transfer t WHERE t.idempotency_key = p_key;
        RETURN;
    END IF;

    FOR attempt IN 1..2 LOOP
        SELECT array_agg(a.id ORDER BY u.place), count(a.id) INTO v_accounts, v_rows
        FROM unnest(p_account_kinds, p_owner_ids) WITH ORDINALITY AS u (kind, owner, place)
        LEFT JOIN points_payment_account a ON a.kind = u.kind AND a.owner_id = u.owner;
        EXIT WHEN v_rows = v_count;
        INSERT INTO points_payment_account (kind, owner_id)
        SELECT u.kind, u.owner FROM unnest(p_account_kinds, p_owner_ids) AS u (kind, owner)
        ORDER BY u.kind COLLATE "C", u.owner ON CONFLICT (kind, owner_id) DO NOTHING;
    END LOOP;

    v_after := array_fill(NULL::bigint, ARRAY[v_count]);
    FOR i IN 1..v_count LOOP
        CONTINUE WHEN p_account_kinds[i] NOT IN ('customer_paid', 'customer_promotional', 'vendor_payable');
        IF p_account_kinds[i] = 'customer_paid' THEN
            UPDATE points_payment_wallet AS w SET paid_points = w.paid_points + p_amounts[i]
            WHERE w.user_id = p_owner_ids[i] AND w.paid_points + p_amounts[i] >= 0 RETURNING w.paid_points INTO v_balance;
        ELSIF p_account_kinds[i] = 'customer_promotional' THEN
            UPDATE points_payment_wallet AS w SET promotional_points = w.promotional_points + p_amounts[i]
            WHERE w.user_id = p_owner_ids[i] AND w.promotional_points + p_amounts[i] >= 0
            RETURNING w.promotional_points INTO v_balance;
        ELSE
            UPDATE points_payment_vendorbalance AS b SET payable_points = b.payable_points + p_amounts[i]
            WHERE b.vendor_id = p_owner_ids[i] AND b.payable_points + p_amounts[i] >= 0
            RETURNING b.payable_points INTO v_balance;
        END IF;
        IF NOT FOUND THEN
            IF p_amounts[i] < 0 THEN
                RAISE EXCEPTION '% of % would go below 0', p_account_kinds[i], p_owner_ids[i] USING ERRCODE = 'NQ001';
            END IF;
            -- The first credit opens the row; two first credits at once add up.
            IF p_account_kinds[i] = 'vendor_payable' THEN
                INSERT INTO points_payment_vendorbalance AS b (vendor_id, payable_points)
                VALUES (p_owner_ids[i], p_amounts[i])
                ON CONFLICT (vendor_id) DO UPDATE SET payable_points = b.payable_points + EXCLUDED.payable_points
                RETURNING b.payable_points INTO v_balance;
            ELSIF p_account_kinds[i] = 'customer_paid' THEN
                INSERT INTO points_payment_wallet AS w (user_id, paid_points, promotional_points)
                VALUES (p_owner_ids[i], p_amounts[i], 0)
                ON CONFLICT (user_id) DO UPDATE SET paid_points = w.paid_points + EXCLUDED.paid_points
                RETURNING w.paid_points INTO v_balance;
            ELSE
                INSERT INTO points_payment_wallet AS w (user_id, paid_points, promotional_points)
                VALUES (p_owner_ids[i], 0, p_amounts[i])
                ON CONFLICT (user_id) DO UPDATE
                SET promotional_points = w.promotional_points + EXCLUDED.promotional_points
                RETURNING w.promotional_points INTO v_balance;
            END IF;
        END IF;
        v_after[i] := v_balance;
    END LOOP;

    INSERT INTO points_payment_entry (transfer_id, account_id, amount_points, balance_after_points)
    SELECT v_transfer, u.account, u.amount, u.after FROM unnest(v_accounts, p_amounts, v_after) AS u (account, amount, after);

    IF cardinality(p_lot_ids) > 0 THEN
        UPDATE points_payment_lot AS l SET remaining_points = l.remaining_points + u.points
        FROM (
            SELECT c.lot, sum(c.points) AS points FROM unnest(p_lot_ids, p_lot_points) AS c (lot, points) GROUP BY c.lot
        ) u
        WHERE l.id = u.lot AND l.remaining_points + u.points BETWEEN 0 AND l.original_points;
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        IF v_rows <> (SELECT count(DISTINCT c.lot) FROM unnest(p_lot_ids) AS c (lot)) THEN
            RAISE EXCEPTION 'a lot of transfer % changed meanwhile', p_key USING ERRCODE = 'NQ002';
        END IF;
        INSERT INTO points_payment_lotuse (lot_id, transfer_id, points, returns_id)
        SELECT u.lot, v_transfer, u.points, u.returns
        FROM unnest(p_lot_ids, p_lot_points, p_lot_returns) AS u (lot, points, returns);
    END IF;

    IF p_new_lot > 0 THEN
        INSERT INTO points_payment_lot (
            customer_id, account_id, account_kind, transfer_id, original_points, remaining_points, expires_at,
            created_at, digest
        ) VALUES (
            p_owner_ids[p_new_lot], v_accounts[p_new_lot], p_account_kinds[p_new_lot], v_transfer,
            p_amounts[p_new_lot], p_amounts[p_new_lot], p_new_lot_expires_at, now(), ''
        );
    END IF;

    RETURN QUERY SELECT v_transfer, true, p_request_hash;
END $$;
"""

# TRUNCATE of a table takes its triggers' refusal first: a test that empties its database switches
# them off as the tables' owner (tests/ledger_flush.py). Nothing in the application does.
DROP = r"""
DROP FUNCTION points_post_transfer CASCADE;
DROP FUNCTION points_check_entries CASCADE;
DROP FUNCTION points_set_digest CASCADE;
DROP FUNCTION points_row_digest CASCADE;
DROP FUNCTION points_transfer_digest CASCADE;
DROP FUNCTION points_refuse CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("points_payment", "0001_initial")]

    operations = [
        migrations.RunSQL(
            DIGESTS + REFUSALS + _refusals() + _digest_triggers() + REDEEMED_STAYS + ENTRIES + POSTING, DROP
        ),
    ]
