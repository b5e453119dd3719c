"""Finding the customer whom a staff page is about."""

from __future__ import annotations

from django.utils.translation import gettext as _

from marketplace.users.models import User
from marketplace.users.phones import InvalidPhone
from points_payment.staff.forms import FindCustomerForm


def find_customer(form: FindCustomerForm, *, actor: User, own_wallet: str) -> User | None:
    """Who has the phone of a valid form; or why not, beside the field. ``own_wallet`` refuses the actor."""
    try:
        customer = User.objects.get_by_phone(form.cleaned_data["phone"])
    except InvalidPhone:
        form.add_error("phone", _("This is no phone number."))
    except User.DoesNotExist:
        form.add_error("phone", _("No customer has this phone number."))
    else:
        if not customer.is_active:
            form.add_error("phone", _("This account is closed."))
        elif customer.pk == actor.pk:
            form.add_error("phone", own_wallet)
        else:
            return customer
    return None
