"""The database role that the application works as, with no more rights than it needs.

The books are safe from the application itself: its role may add to them and read them, and where a column
changes by design (a wallet's balance, a card's state) change that column and no other. It owns nothing, so
that it can neither switch triggers off nor drop them. Rights follow from the rules that the migrations put
into the database, so that they cannot drift from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, transaction
from psycopg import sql

#: Functions of triggers that refuse whatever they are called for.
REFUSING = ["points_refuse", "roles_change_is_final"]
#: The prefix of the ledger's tables: nothing is ever deleted from them.
LEDGER = "points_payment_"
#: Written by migrations alone.
READ_ONLY = frozenset({"django_migrations"})
#: PostgreSQL 17 lets a role refresh a view that it does not own.
MAINTAIN_SINCE = 170_000

RELATIONS = """
SELECT c.relname, c.relkind::text,
       bool_or(t.is_whole AND t.on_update) IS TRUE,
       bool_or(t.is_whole AND t.on_delete) IS TRUE,
       -- Where a trigger keeps some columns, those that may change.
       CASE WHEN bool_or(t.keeps) THEN (
           SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             AND NOT a.attnum = ANY(max(t.columns) FILTER (WHERE t.keeps))) END
FROM pg_class c
LEFT JOIN LATERAL (
    SELECT t.tgtype & 1 = 0 AND t.tgqual IS NULL AND t.tgattr = '' AS is_whole,
           t.tgtype & 16 <> 0 AS on_update, t.tgtype & 8 <> 0 AS on_delete,
           t.tgname = 'points_refuse_change' AND t.tgattr <> '' AS keeps,
           string_to_array(t.tgattr::text, ' ')::smallint[] AS columns
    FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgtype & 2 <> 0 AND p.proname = ANY(%s)
) t ON true
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'm')
GROUP BY c.oid ORDER BY c.relname
"""
WHO = """
SELECT r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls,
       r.rolname = current_user,
       EXISTS (SELECT 1 FROM pg_auth_members m WHERE m.member = r.oid),
       EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p'))
FROM pg_roles r WHERE r.rolname = %s
"""


class UnfitRole(Exception):
    """The role could do more than the application may; another name is wanted."""


@dataclass(frozen=True, slots=True)
class Relation:
    name: str
    #: PostgreSQL's letter: ``r`` and ``p`` are tables, ``m`` a materialized view.
    kind: str
    refuses_update: bool
    refuses_delete: bool
    #: All columns, if None.
    changeable: list[str] | None

    @property
    def is_ledger(self) -> bool:
        return self.name.startswith(LEDGER)


def relations() -> list[Relation]:
    with connection.cursor() as cursor:
        cursor.execute(RELATIONS, [REFUSING])
        return [Relation(*row) for row in cursor.fetchall()]


@transaction.atomic
def create_role(*, name: str, password: str | None = None) -> int:
    """Make the role, or give an old one today's rights; the number of tables. Run by the tables' owner.

    Raises:
        UnfitRole: it is the owner itself, or may do more than the application should.
    """
    with connection.cursor() as cursor:
        cursor.execute(WHO, [name])
        found = cursor.fetchone()
        if found is not None and any(found):
            raise UnfitRole(name)
        if found is None:
            cursor.execute(_text(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name))))
        if password:
            cursor.execute(
                _text(
                    sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(name), sql.Literal(password))
                )
            )
        for statement in grants(name=name):
            cursor.execute(statement)
    return len(relations())


def grants(*, name: str) -> Iterator[str]:
    """The statements that take all rights from the role and give it those that it needs."""
    role = sql.Identifier(name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), current_schema()")
        database, schema = map(sql.Identifier, cursor.fetchone())
    for template in (
        "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}",
        "REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {role}",
        "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {role}",
        "GRANT USAGE ON SCHEMA {schema} TO {role}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
    ):
        yield _text(sql.SQL(template).format(role=role, schema=schema, database=database))
    for relation in relations():
        yield _text(_grant(relation, role))


def _grant(relation: Relation, role: sql.Identifier) -> sql.Composed:
    table = sql.Identifier(relation.name)
    if relation.kind == "m":
        if _server_version() >= MAINTAIN_SINCE:
            return sql.SQL("GRANT SELECT, MAINTAIN ON {} TO {}").format(table, role)
        # Only its owner refreshes it there; it holds nothing that its tables do not.
        return sql.SQL("ALTER MATERIALIZED VIEW {} OWNER TO {}").format(table, role)
    rights: list[sql.Composable] = [sql.SQL("SELECT")]
    if relation.name not in READ_ONLY:
        rights.append(sql.SQL("INSERT"))
        if not relation.refuses_update:
            rights.append(_update(relation))
        if not relation.refuses_delete and not relation.is_ledger:
            rights.append(sql.SQL("DELETE"))
    return sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(", ").join(rights), table, role)


def _update(relation: Relation) -> sql.SQL | sql.Composed:
    if relation.changeable is None:
        return sql.SQL("UPDATE")
    columns = sql.SQL(", ").join(map(sql.Identifier, relation.changeable))
    return sql.SQL("UPDATE ({})").format(columns)


def _server_version() -> int:
    connection.ensure_connection()
    return int(connection.pg_version)  # type: ignore[attr-defined]


def _text(statement: sql.Composed) -> str:
    connection.ensure_connection()
    return statement.as_string(connection.connection)
