"""Ordered rules of the commission, in versions that are only ever added.

The first version has no rule: every vendor goes on paying what was agreed with it.
"""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION partner_commission_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER partner_commission_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON partner_commissionruleset
    FOR EACH STATEMENT EXECUTE FUNCTION partner_commission_is_final();
CREATE TRIGGER partner_commission_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON partner_commissionrule
    FOR EACH STATEMENT EXECUTE FUNCTION partner_commission_is_final();
INSERT INTO partner_commissionruleset (version, reason, created_at)
VALUES (1, 'Every vendor pays what was agreed with it.', now());
"""
BACKWARD = """
DROP TRIGGER partner_commission_is_final ON partner_commissionruleset;
DROP TRIGGER partner_commission_is_final ON partner_commissionrule;
DROP FUNCTION partner_commission_is_final();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0033_nuqta'),
        ('partner', '0008_nuqta'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CommissionRuleSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(unique=True, verbose_name='version')),
                ('reason', models.CharField(max_length=500, verbose_name='reason')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='when')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='who')),
            ],
            options={
                'verbose_name': 'version of the commission rules',
                'verbose_name_plural': 'versions of the commission rules',
                'ordering': ['-version'],
            },
        ),
        migrations.CreateModel(
            name='CommissionRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(verbose_name='position')),
                ('number', models.PositiveIntegerField(verbose_name='rule')),
                ('price_from_points', models.BigIntegerField(blank=True, null=True, verbose_name='price from')),
                ('price_to_points', models.BigIntegerField(blank=True, null=True, verbose_name='price up to')),
                ('basis_points', models.PositiveIntegerField(verbose_name='commission (basis points)')),
                ('fixed_points', models.BigIntegerField(default=0, verbose_name='fixed commission per piece')),
                ('floor_points', models.BigIntegerField(default=0, verbose_name='least commission')),
                ('cap_points', models.BigIntegerField(blank=True, null=True, verbose_name='most commission')),
                ('on_shipping', models.BooleanField(default=False, verbose_name='also on delivery charges')),
                ('is_active', models.BooleanField(default=True, verbose_name='in force')),
                ('brand', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.brand', verbose_name='brand')),
                ('category', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.category', verbose_name='category')),
                ('vendor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partner.partner', verbose_name='vendor')),
                ('rule_set', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rules', to='partner.commissionruleset', verbose_name='version')),
            ],
            options={
                'verbose_name': 'commission rule',
                'verbose_name_plural': 'commission rules',
                'ordering': ['rule_set', 'position'],
                'constraints': [models.UniqueConstraint(fields=('rule_set', 'position'), name='partner_commission_position_once'), models.UniqueConstraint(fields=('rule_set', 'number'), name='partner_commission_number_once'), models.CheckConstraint(condition=models.Q(('basis_points__lte', 10000), ('fixed_points__gte', 0), ('floor_points__gte', 0), models.Q(('cap_points', None), ('cap_points__gte', models.F('floor_points')), _connector='OR')), name='partner_commission_terms'), models.CheckConstraint(condition=models.Q(models.Q(('price_from_points', None), ('price_from_points__gt', 0), _connector='OR'), models.Q(('price_to_points', None), ('price_to_points__gt', 0), _connector='OR'), models.Q(('price_from_points', None), ('price_to_points', None), ('price_to_points__gte', models.F('price_from_points')), _connector='OR')), name='partner_commission_band'), models.CheckConstraint(condition=models.Q(('on_shipping', False), models.Q(('brand', None), ('category', None), ('price_from_points', None), ('price_to_points', None)), _connector='OR'), name='partner_commission_shipping')],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
