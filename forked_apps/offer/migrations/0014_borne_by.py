"""Offers of before took their discount from what sellers earn, and go on doing so; new ones are the platform's."""

from django.db import migrations, models

CHOICES = [("marketplace", "Nuqta"), ("vendor", "The seller")]
HELP = (
    "Nuqta: sellers earn as much as without the discount, and Nuqta adds what the customer does not "
    "pay. The seller: it earns less. Orders that are placed already stay as they are."
)


def _field(default: str) -> models.CharField:
    return models.CharField(
        choices=CHOICES, default=default, help_text=HELP, max_length=12, verbose_name="who bears the discount"
    )


class Migration(migrations.Migration):
    dependencies = [("offer", "0013_range_excluded_categories")]

    operations = [
        migrations.AddField(model_name="conditionaloffer", name="borne_by", field=_field("vendor")),
        migrations.AlterField(model_name="conditionaloffer", name="borne_by", field=_field("marketplace")),
    ]
