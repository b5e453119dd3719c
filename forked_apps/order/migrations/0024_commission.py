"""Which rule of the commission matched a line, and a delivery charge, at placement."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('order', '0023_delivery_and_returns'),
        ('partner', '0009_commission_rules'),
    ]

    operations = [
        migrations.AddField(
            model_name='line',
            name='commission_rule',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partner.commissionrule', verbose_name='commission rule'),
        ),
        migrations.AddField(
            model_name='vendororder',
            name='shipping_commission_rule',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partner.commissionrule', verbose_name='commission rule of the delivery charge'),
        ),
    ]
