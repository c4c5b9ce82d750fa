#!/usr/bin/env bash
# Measures the built server: size, cold start, memory at rest and, where BENCH_FLOOR names a folder with the programs
# refsrv (the floor) and loadgen, the cost of an alert beside the floor in one interleaved pass.
# Needs bin/wakebell. Everything stays on loopback and stops by itself.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

rounds=${BENCH_ROUNDS:-3} seconds=${BENCH_SECONDS:-10} clients=${BENCH_CLIENTS:-64}
ours=127.0.0.1:18080 floor=127.0.0.1:18077
mkdir -p bin/bench
result=bin/bench/result.ndjson
dir=$(mktemp -d "${TMPDIR:-/tmp}/wakebell-bench.XXXXXX")
pids=()
cleanup() {
	for pid in ${pids[@]+"${pids[@]}"}; do kill "$pid" 2>/dev/null || true; done
	wait 2>/dev/null || true
	rm -rf "$dir"
}
trap cleanup EXIT

ready() { # URL: waits until it answers 2xx, 20 s at most
	local tries=4000
	until curl -fsS -o /dev/null "$1" 2>/dev/null; do
		tries=$((tries - 1))
		if [ $tries -le 0 ]; then
			echo "$1 does not answer" >&2
			return 1
		fi
		sleep 0.005
	done
}
start() { # sets $pid; measures the time until it is ready
	local before=$(($(date +%s%N) / 1000000))
	bin/wakebell serve --data "$dir/ours" --listen $ours >"$dir/ours.log" 2>&1 &
	pid=$!
	ready "http://$ours/readyz" || { cat "$dir/ours.log" >&2; exit 1; }
	took=$(($(date +%s%N) / 1000000 - before))
}

printf 'binary        %s bytes\n' "$(stat -c %s bin/wakebell)"
start
printf 'first start   %s ms\n' "$took"
kill "$pid" && wait "$pid" 2>/dev/null || true
start
pids+=("$pid")
wakebell=$pid
printf 'cold start    %s ms on existing data\n' "$took"
sleep 2
printf 'at rest       %s kB resident\n' "$(awk '/^VmRSS/ {print $2}' "/proc/$wakebell/status")"

if [ -z "${BENCH_FLOOR:-}" ]; then
	echo "no BENCH_FLOOR: the load beside the floor is left out"
	exit 0
fi

here=$PWD
(cd "$BENCH_FLOOR" && go build -o "$here/bin/bench/refsrv" ./refsrv && go build -o "$here/bin/bench/loadgen" ./loadgen)
bin/bench/refsrv -db "$dir/floor.db" -addr $floor >"$dir/floor.log" 2>&1 &
floor_pid=$!
pids+=("$floor_pid")
ready "http://$floor/list"

token=${BENCH_TOKEN:-$(bin/wakebell token create --data "$dir/ours" --name bench --role analyst)}
alert() { # fingerprint
	printf '{"version":"4","status":"firing","receiver":"bench","groupKey":"g","alerts":[{"status":"firing","labels":{"alertname":"Load","instance":"h1","severity":"critical"},"annotations":{"summary":"load test %s"},"startsAt":"%s","endsAt":"0001-01-01T00:00:00Z","fingerprint":"%s"}]}' "$1" "$(date -u +%FT%TZ)" "$1"
}
plain() { printf '{"tok":"%s","title":"load test %s","body":"several failed attempts before success","sev":1}' "$1" "$1"; }
load() { # label pid url body run
	bin/bench/loadgen -name "$1" -cpu "$2" -c "$clients" -d "${seconds}s" -url "$3" -run "$5" \
		-H "Content-Type: application/json" -H "Authorization: Bearer $token" -body "$4" | tee -a "$result"
}

: >"$result"
for round in $(seq "$rounds"); do
	load floor-new "$floor_pid" "http://$floor/" "$(plain '{{tok}}')" "f$round"
	load ours-new "$wakebell" "http://$ours/api/v1/alerts/alertmanager" "$(alert '{{tok}}')" "w$round"
	load floor-again "$floor_pid" "http://$floor/" "$(plain "same")" "f$round"
	load ours-again "$wakebell" "http://$ours/api/v1/alerts/alertmanager" "$(alert "5a3e5a3e5a3e5a3e")" "w$round"
done
