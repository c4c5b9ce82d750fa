#!/usr/bin/env bash
# Measures the sending of notices to many: CPU time per recipient and the rate, beside the
# ceiling of the same mail server in one interleaved pass, and the import of the list.
# BENCH_FLOOR names a folder with the sources of smtpsink (the server) and smtpblast (the
# ceiling). Everything stays on loopback and stops by itself.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ -z "${BENCH_FLOOR:-}" ] || [ ! -d "$BENCH_FLOOR/smtpsink" ]; then
	echo "no BENCH_FLOOR with smtpsink: the sending of notices is left out"
	exit 0
fi
rounds=${BENCH_ROUNDS:-3} recipients=${BENCH_RECIPIENTS:-50000} connections=${BENCH_CONNECTIONS:-8}
sink=127.0.0.1:18025 stats=127.0.0.1:18026
mkdir -p bin/bench
here=$PWD
(cd "$BENCH_FLOOR" && go build -o "$here/bin/bench/smtpsink" ./smtpsink && go build -o "$here/bin/bench/smtpblast" ./smtpblast)
go test -c -o bin/bench/dispatch.test ./internal/notify/notice/dispatch
go test -c -o bin/bench/outbound.test ./internal/app/outbound
bin/bench/smtpsink -addr $sink -http $stats 2>/dev/null &
pid=$!
trap 'kill $pid 2>/dev/null || true; wait 2>/dev/null || true' EXIT
for _ in $(seq 200); do
	curl -fsS -o /dev/null "http://$stats/stats" 2>/dev/null && break
	sleep 0.05
done
for _ in $(seq "$rounds"); do
	echo "ceiling: $(bin/bench/smtpblast -addr $sink -c "$connections" -n "$recipients")"
	curl -fsS -X POST "http://$stats/reset"
	WAKEBELL_BENCH_SINK=$sink WAKEBELL_BENCH_RECIPIENTS=$recipients WAKEBELL_BENCH_CONNECTIONS=$connections \
		bin/bench/dispatch.test -test.run '^$' -test.bench Send -test.benchtime 1x | grep Benchmark
	curl -fsS "http://$stats/stats"
	curl -fsS -X POST "http://$stats/reset"
	# The same to customers of whom each is owed it, in the whole product, and an update to them.
	for owed in ${BENCH_OWED:-2000 10000}; do
		echo "owed to $owed:"
		WAKEBELL_BENCH_SINK=$sink WAKEBELL_BENCH_OWED=$owed WAKEBELL_BENCH_CONNECTIONS=$connections \
			bin/bench/outbound.test -test.run '^$' -test.bench SendOwed -test.benchtime 1x | grep Benchmark
		curl -fsS -X POST "http://$stats/reset"
	done
	echo "load: $(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || uptime)"
done
