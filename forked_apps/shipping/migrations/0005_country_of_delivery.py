from django.db import migrations


def add_iraq(apps, schema_editor):
    """Addresses of Oscar need a row of their country; orders are delivered in this one alone."""
    apps.get_model("address", "Country").objects.get_or_create(
        iso_3166_1_a2="IQ",
        defaults={
            "iso_3166_1_a3": "IRQ",
            "iso_3166_1_numeric": "368",
            "printable_name": "Iraq",
            "name": "Republic of Iraq",
            "is_shipping_country": True,
        },
    )


class Migration(migrations.Migration):
    dependencies = [
        ("shipping", "0004_nuqta"),
        ("address", "0007_useraddress_code"),
    ]

    operations = [migrations.RunPython(add_iraq, migrations.RunPython.noop)]
