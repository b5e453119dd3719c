"""An owner holds every right, also the one to say where payouts go, which is newer than many vendors."""

from django.db import migrations


def give_to_owners(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    GroupObjectPermission = apps.get_model("guardian", "GroupObjectPermission")
    VendorRole = apps.get_model("vendor_portal", "VendorRole")
    owners = VendorRole.objects.filter(seed="owner")
    if not owners.exists():
        return
    of_vendors, _ = ContentType.objects.get_or_create(app_label="partner", model="partner")
    # Permissions are made after all migrations; this one is needed now.
    right, _ = Permission.objects.get_or_create(
        content_type=of_vendors, codename="money_manage", defaults={"name": "MONEY_MANAGE"}
    )
    for role in owners.iterator():
        GroupObjectPermission.objects.get_or_create(
            group_id=role.group_id, permission=right, content_type=of_vendors, object_pk=str(role.vendor_id)
        )


class Migration(migrations.Migration):
    dependencies = [
        ("vendor_portal", "0001_people_of_a_vendor"),
        ("partner", "0012_sales_stopped"),
        ("guardian", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(give_to_owners, migrations.RunPython.noop)]
