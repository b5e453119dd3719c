"""The record of changes is append-only, whoever holds the connection."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION roles_change_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'roles_rolechange is append-only' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER roles_change_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON roles_rolechange
    FOR EACH STATEMENT EXECUTE FUNCTION roles_change_is_final();
"""
BACKWARD = """
DROP TRIGGER roles_change_is_final ON roles_rolechange;
DROP FUNCTION roles_change_is_final();
"""


class Migration(migrations.Migration):
    dependencies = [("roles", "0001_roles")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
