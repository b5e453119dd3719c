#!/usr/bin/env bash
# A nightly backup of what cannot be made again: the database and the uploaded files.
#   DATABASE_URL=... BACKUP_DIR=/var/backups/nuqta MEDIA_DIR=/var/lib/nuqta/media deploy/backup.sh
# The keys (SECRET_KEY, CARD_KEYS) are kept elsewhere on purpose: with them a stolen backup could be searched
# for card codes. Without CARD_KEYS no unused card can be redeemed again: keep them, apart from this.
set -euo pipefail
: "${DATABASE_URL:?is not set}" "${BACKUP_DIR:?is not set}" "${MEDIA_DIR:?is not set}"
umask 077
mkdir -p "$BACKUP_DIR"
name="$BACKUP_DIR/nuqta-$(date -u +%Y%m%dT%H%M%SZ)"

# Written aside and renamed, so that a file with the final name is always whole.
pg_dump --format=custom --no-owner --file="$name.dump.part" "$DATABASE_URL"
pg_restore --list "$name.dump.part" >/dev/null
mv "$name.dump.part" "$name.dump"
tar --create --zstd --file="$name.media.tar.zst.part" --directory="$MEDIA_DIR" .
mv "$name.media.tar.zst.part" "$name.media.tar.zst"

find "$BACKUP_DIR" -name 'nuqta-*' -mtime +"${KEEP_DAYS:-30}" -delete
echo "$name"
