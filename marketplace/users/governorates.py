"""The governorates of Iraq, by ISO 3166-2:IQ (Halabja, the nineteenth, since 2025)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Governorate(models.TextChoices):
    BAGHDAD = "BG", _("Baghdad")
    BASRA = "BA", _("Basra")
    NINEVEH = "NI", _("Nineveh")
    ERBIL = "AR", _("Erbil")
    SULAYMANIYAH = "SU", _("Sulaymaniyah")
    DUHOK = "DA", _("Duhok")
    HALABJA = "HA", _("Halabja")
    KIRKUK = "KI", _("Kirkuk")
    ANBAR = "AN", _("Anbar")
    BABIL = "BB", _("Babil")
    DHI_QAR = "DQ", _("Dhi Qar")
    DIYALA = "DI", _("Diyala")
    KARBALA = "KA", _("Karbala")
    MAYSAN = "MA", _("Maysan")
    MUTHANNA = "MU", _("Muthanna")
    NAJAF = "NA", _("Najaf")
    QADISIYAH = "QA", _("Qadisiyah")
    SALADIN = "SD", _("Saladin")
    WASIT = "WA", _("Wasit")
