from oscar.apps.partner import apps


class PartnerConfig(apps.PartnerConfig):
    name = "forked_apps.partner"
