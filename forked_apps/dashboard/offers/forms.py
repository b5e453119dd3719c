from oscar.apps.dashboard.offers import forms


class MetaDataForm(forms.MetaDataForm):
    class Meta(forms.MetaDataForm.Meta):
        fields = (*forms.MetaDataForm.Meta.fields, "borne_by")  # type: ignore[assignment]
