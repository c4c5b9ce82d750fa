#!/usr/bin/env bash
# Measures the built server and prints one table: size, cold start, memory at rest, CPU per alert and per incident
# over HTTP and, where BENCH_FLOOR names a folder with the sources of refsrv (the floor) and loadgen, all of that beside
# the floor in one interleaved pass. Needs bin/wakebell. Everything stays on loopback and stops by itself.
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
start() { # sets $pid; measures the time and the CPU time until it is ready, in ms
	local before=$(($(date +%s%N) / 1000000))
	bin/wakebell serve --data "$dir/ours" --listen $ours >"$dir/ours.log" 2>&1 &
	pid=$!
	ready "http://$ours/readyz" || { cat "$dir/ours.log" >&2; exit 1; }
	took=$(($(date +%s%N) / 1000000 - before))
	used=$(awk -v tick="$(getconf CLK_TCK)" '{ print ($14 + $15) * 1000 / tick }' "/proc/$pid/stat")
}

median() { sort -n | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)] }'; }
row() { printf '%-28s %14s %14s %14s\n' "$@"; }
resident() { awk '/^VmRSS/ { printf "%.0f MB", $2 / 1000 }' "/proc/$1/status"; }

start
first=$took
starts=() costs=()
for _ in 1 2 3 4 5; do
	kill "$pid" && wait "$pid" 2>/dev/null || true
	start
	starts+=("$took")
	costs+=("$used")
done
pids+=("$pid")
wakebell=$pid
sleep 2
row "" goal wakebell floor
row binary "45 MB" "$(($(stat -c %s bin/wakebell) / 1000000)) MB"
row "first start" "" "$first ms"
row "cold start, existing data" "150 ms" "$(printf '%s\n' "${starts[@]}" | median) ms"
row "  CPU of it" "" "$(printf '%s\n' "${costs[@]}" | median) ms"
row "memory at rest" "60 MB" "$(resident "$wakebell")"

if [ -z "${BENCH_FLOOR:-}" ]; then
	echo "no BENCH_FLOOR: the load over HTTP is left out"
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
	printf '{"version":"4","status":"firing","receiver":"bench","groupKey":"g","alerts":[{"status":"firing","labels":{"alertname":"Load","instance":"h1","severity":"critical"},"annotations":{"summary":"load test %s"},"startsAt":"{{now}}","endsAt":"0001-01-01T00:00:00Z","fingerprint":"%s"}]}' "$1" "$1"
}
plain() { printf '{"tok":"%s","title":"load test %s","body":"several failed attempts before success","sev":1}' "$1" "$1"; }
load() { # label pid clients url body run
	bin/bench/loadgen -name "$1" -cpu "$2" -c "$3" -d "${seconds}s" -url "$4" -run "$6" \
		-H "Content-Type: application/json" -H "Authorization: Bearer $token" -body "$5" >>"$result"
}
figure() { # label: median CPU per operation; a pass with refused requests has no figure
	local label=$1 value
	value=$(awk -v want="\"name\":\"$label\"" 'index($0, want) {
		if ($0 ~ /"codes":[{][^}]*"([345][0-9][0-9]|err)"/) { print "refused"; exit }
		if (match($0, /"srv_cpu_us_per_ok":[0-9.]+/)) print substr($0, RSTART + 20, RLENGTH - 20)
	}' "$result" | median)
	case $value in refused | "") echo "$value" ;; *) printf '%.0f µs' "$value" ;; esac
}

: >"$result"
for round in $(seq "$rounds"); do
	load floor-new "$floor_pid" "$clients" "http://$floor/" "$(plain '{{tok}}')" "f$round"
	load ours-new "$wakebell" "$clients" "http://$ours/api/v1/alerts/alertmanager" "$(alert '{{tok}}')" "w$round"
	load floor-again "$floor_pid" "$clients" "http://$floor/" "$(plain same)" "f$round"
	load ours-again "$wakebell" "$clients" "http://$ours/api/v1/alerts/alertmanager" "$(alert 5a3e5a3e5a3e5a3e)" "w$round"
	load ours-declare "$wakebell" 16 "http://$ours/api/v1/incidents" '{"title":"load test {{tok}}","summary":"several failed attempts before success"}' "d$round"
done
row "new alert, $clients clients" "317 µs" "$(figure ours-new)" "$(figure floor-new)"
row "the same again" "182 µs" "$(figure ours-again)" "$(figure floor-again)"
row "incident declared, 16" "1000 µs" "$(figure ours-declare)"
