#!/usr/bin/env bash
# Runs `make generate` and fails when a file changed: what is generated must be committed as it is made.
set -euo pipefail

sums() {
	git ls-files -z --cached --others --exclude-standard | sort -zu | xargs -0 sha256sum 2>/dev/null || true
}

before=$(sums)
make --no-print-directory generate
after=$(sums)
if [ "$before" != "$after" ]; then
	echo "generated files are stale: run 'make generate' and commit the result" >&2
	diff <(echo "$before") <(echo "$after") | sed -n 's/^> [0-9a-f]*  /  /p' >&2
	exit 1
fi
