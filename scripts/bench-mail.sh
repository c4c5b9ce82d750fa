#!/usr/bin/env bash
# Measures how many letters one process sends, and the CPU time for each, beside the ceiling of the same server in one
# interleaved pass. BENCH_FLOOR names a folder with the sources of smtpsink (the server) and smtpblast (a sender without
# any work of its own). Everything stays on loopback and stops by itself.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ ! -d "${BENCH_FLOOR:-}/smtpsink" ]; then
	echo "no BENCH_FLOOR with smtpsink: the sending of letters is left out"
	exit 0
fi
rounds=${BENCH_ROUNDS:-3} letters=${BENCH_LETTERS:-20000} connections=20
sink=127.0.0.1:18035 stats=127.0.0.1:18036
mkdir -p bin/bench
here=$PWD
(cd "$BENCH_FLOOR" && go build -o "$here/bin/bench/smtpsink" ./smtpsink && go build -o "$here/bin/bench/smtpblast" ./smtpblast)
go test -c -o bin/bench/bulk.test ./internal/base/mail/bulk
bin/bench/smtpsink -addr $sink -http $stats 2>/dev/null &
pid=$!
trap 'kill $pid 2>/dev/null || true; wait 2>/dev/null || true' EXIT
for _ in $(seq 200); do
	curl -fsS -o /dev/null "http://$stats/stats" 2>/dev/null && break
	sleep 0.05
done
for _ in $(seq "$rounds"); do
	echo "ceiling: $(bin/bench/smtpblast -addr $sink -c $connections -n "$letters" -size 5000)"
	WAKEBELL_BENCH_SINK=$sink bin/bench/bulk.test -test.run '^$' -test.bench . -test.benchtime "${letters}x" | grep Benchmark
	curl -fsS -X POST "http://$stats/reset"
done
