"""django-oscar-api through overrides: only what is safe is mounted; ``urls.py`` says what is left out."""
