#!/usr/bin/env bash
# Runs a command with a browser: scripts/browser.sh node tests/browser/run.mjs
# The program's path is exported as CHROMIUM; where that is set already, the given one is used. Without a browser
# nothing is skipped: as root it is installed from Debian's packages, otherwise this fails and says what to install.
set -euo pipefail

if [ $# -eq 0 ]; then
	echo "usage: scripts/browser.sh COMMAND [ARGUMENT ...]" >&2
	exit 2
fi
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	echo "the tests in the browser need Node.js 20 or newer with npm (Debian: apt-get install nodejs npm)" >&2
	exit 1
fi

# install PACKAGE: from Debian's packages, where we may.
install() {
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 0
	echo "installing $1"
	local log
	log=$(mktemp)
	if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1"; } >"$log" 2>&1; then
		tail -n 5 "$log" >&2
	fi
	rm -f "$log"
}

find_browser() {
	local name
	for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable \
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" /Applications/Chromium.app/Contents/MacOS/Chromium; do
		if [ -n "$name" ] && command -v "$name" >/dev/null; then
			command -v "$name"
			return
		fi
	done
}

if [ -n "${CHROMIUM:-}" ] && ! command -v "$CHROMIUM" >/dev/null; then
	echo "CHROMIUM names $CHROMIUM, which cannot be run" >&2
	exit 1
fi
browser=$(find_browser)
if [ -z "$browser" ]; then
	install chromium
	browser=$(find_browser)
fi
if [ -z "$browser" ]; then
	echo "the tests need Chromium or Google Chrome (Debian: apt-get install chromium), or CHROMIUM=/path/to/it" >&2
	exit 1
fi
# Pictures for the README are made small by pngquant, where they are wanted.
if [ "${NEED_PNGQUANT:-}" = 1 ] && ! command -v pngquant >/dev/null; then
	install pngquant
	if ! command -v pngquant >/dev/null; then
		echo "screenshots need pngquant (Debian: apt-get install pngquant)" >&2
		exit 1
	fi
fi

export CHROMIUM=$browser
exec "$@"
