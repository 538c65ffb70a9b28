# Runs in the container with PostgreSQL's programs. What is whole has another name: the next container gives it.
umask 077
part="$BACKUP.part"
trap 'test "$?" -eq 0 || rm -f "$part"' EXIT
# The first connections of a new pod may be refused, until its network policy is known everywhere.
tries=0
until pg_isready --quiet || test "$tries" -ge 20; do
    tries=$((tries + 1))
    sleep 1
done
# Whoever holds a table for longer than that would let it wait for ever.
pg_dump --format=custom --no-password --lock-wait-timeout=60s --file="$part"
pg_restore --list "$part" >/dev/null
