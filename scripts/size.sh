#!/usr/bin/env bash
# Fails when the built program is larger than its budget. docs/design/performance.md says how to find what made it grow.
set -euo pipefail

budget=45000000
size=$(wc -c <"${1:-bin/wakebell}")
if ((size > budget)); then
	echo "the program has $size bytes, its budget is $budget; see \"What cost what\" in docs/design/performance.md" >&2
	exit 1
fi
echo "the program has $((size / 1000)) of $((budget / 1000)) kB"
