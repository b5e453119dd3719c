"""English pages say what the sources say, whatever catalogues the installed packages bring."""

from django.utils import translation

from marketplace import translations


def test_no_packages_catalogue_changes_our_english_words() -> None:
    translations.compile_all()
    with translation.override("en"):
        changed = {
            text: translation.gettext(text)
            for message in translations.extracted()
            if message.id and not message.context
            for text in [message.id if isinstance(message.id, str) else message.id[0]]
            if translation.gettext(text) != text
        }
    assert changed == {}
