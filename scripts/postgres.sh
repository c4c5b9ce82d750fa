#!/usr/bin/env bash
# Runs a command with a PostgreSQL server of its own: scripts/postgres.sh go test ./...
# The server lives in a temporary folder, listens on loopback, runs as a user without rights, and is stopped at the
# end. Its address is exported as WAKEBELL_TEST_POSTGRES; where that is set already, the given server is used.
set -euo pipefail

if [ $# -eq 0 ]; then
	echo "usage: scripts/postgres.sh COMMAND [ARGUMENT ...]" >&2
	exit 2
fi
if [ -n "${WAKEBELL_TEST_POSTGRES:-}" ]; then
	exec "$@"
fi

find_binaries() {
	local found=""
	for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin; do
		if [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ]; then found=$dir; fi
	done
	if [ -z "$found" ] && command -v initdb >/dev/null && command -v postgres >/dev/null; then
		found=$(dirname "$(command -v initdb)")
	fi
	echo "$found"
}

bin=$(find_binaries)
if [ -z "$bin" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "installing PostgreSQL for the tests"
	log=$(mktemp)
	if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql; } >"$log" 2>&1; then
		tail -n 5 "$log" >&2
	fi
	rm -f "$log"
	bin=$(find_binaries)
fi
if [ -z "$bin" ]; then
	echo "the tests need the server binaries of PostgreSQL 15 or newer (Debian: apt-get install postgresql), or WAKEBELL_TEST_POSTGRES=postgres://…" >&2
	exit 1
fi

as=()
if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses to run as root
	user=postgres
	id "$user" >/dev/null 2>&1 || user=nobody
	as=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --init-groups)
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/wakebell-pg.XXXXXX")
chmod 755 "$dir"
if [ ${#as[@]} -gt 0 ]; then chown "$user" "$dir"; fi

stop() {
	local pid tries=100
	pid=$(head -n 1 "$dir/data/postmaster.pid" 2>/dev/null || true)
	if [ -n "$pid" ]; then
		kill -INT "$pid" 2>/dev/null || true # fast shutdown
		while kill -0 "$pid" 2>/dev/null && [ $tries -gt 0 ]; do
			sleep 0.1
			tries=$((tries - 1))
		done
		kill -QUIT "$pid" 2>/dev/null || true
	fi
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM

# An ordinary collation, so that a sort column without COLLATE "C" shows itself.
locale=(--locale=C)
if "$bin/initdb" --help | grep -q -- --icu-locale; then
	locale=(--locale=C --locale-provider=icu --icu-locale=en-US)
fi
create() {
	(cd "$dir" && "${as[@]}" "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --no-sync "$@") >"$dir/initdb.log" 2>&1
}
if ! create "${locale[@]}"; then
	rm -rf "$dir/data"
	if ! create --locale=C; then
		cat "$dir/initdb.log" >&2
		exit 1
	fi
fi

# Nothing here must outlive a power cut, so the disk is not waited for.
cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$dir'
max_connections = 200
fsync = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 2GB
shared_buffers = 256MB
jit = off
log_min_messages = fatal
CONF

port=""
for _ in 1 2 3 4 5 6 7 8; do # the port may be taken: then take another
	try=$((20000 + RANDOM % 12000))
	if (cd "$dir" && "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -o "-p $try" -w -t 60 -l "$dir/server.log" start) >/dev/null 2>&1; then
		port=$try
		break
	fi
done
if [ -z "$port" ]; then
	cat "$dir/server.log" >&2
	exit 1
fi

export WAKEBELL_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable"
"$@"
