#!/usr/bin/env bash
# Runs a command with a mail server of its own: scripts/mailserver.sh go test ./tests/mail
# Postfix takes mail for customer.example and bell.example and delivers it to mailboxes; Dovecot shows these over IMAP and
# checks passwords for both. Everything lives in a temporary folder, listens on loopback and is stopped at the end.
#   anna@, ben@customer.example, notices@bell.example   have mailboxes; notices+anything@ is notices@
#   refused@customer.example                            is refused at once (550)
#   later@customer.example                              is put off (450, as greylisting does)
#   anybody else in both domains                        is accepted, and a bounce comes back
# Exported: WAKEBELL_TEST_SMTP (host:port, STARTTLS and AUTH), WAKEBELL_TEST_IMAP (host:port, TLS), WAKEBELL_TEST_MAIL_CA
# (file that trusts both), WAKEBELL_TEST_MAIL_PASSWORD (of every mailbox, by its address). Where WAKEBELL_TEST_SMTP is set
# already, that server is used.
set -euo pipefail

if [ $# -eq 0 ]; then
	echo "usage: scripts/mailserver.sh COMMAND [ARGUMENT ...]" >&2
	exit 2
fi
if [ -n "${WAKEBELL_TEST_SMTP:-}" ]; then
	exec "$@"
fi
export PATH=$PATH:/usr/sbin:/sbin
if [ "$(id -u)" != 0 ]; then # Postfix delivers as other users
	if sudo -n true 2>/dev/null; then
		exec sudo -n "PATH=$PATH" "$(realpath "$0")" "$@"
	fi
	echo "the mail tests start Postfix and Dovecot, which needs root: run them in a container, or set WAKEBELL_TEST_SMTP and the others (see scripts/mailserver.sh)" >&2
	exit 1
fi

installed() { command -v postfix >/dev/null && command -v dovecot >/dev/null && command -v openssl >/dev/null && [ -e /usr/lib/dovecot/imap ]; }
if ! installed && command -v apt-get >/dev/null; then
	echo "installing Postfix and Dovecot for the tests" >&2
	log=$(mktemp)
	if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postfix dovecot-imapd openssl; } >"$log" 2>&1; then
		tail -n 5 "$log" >&2
	fi
	rm -f "$log"
fi
if ! installed; then
	echo "the mail tests need Postfix and Dovecot (Debian: apt-get install postfix dovecot-imapd openssl)" >&2
	exit 1
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/wakebell-mail.XXXXXX")
chmod 755 "$dir"
password=$(openssl rand -hex 12)
owner=nobody
uid=$(id -u $owner) gid=$(id -g $owner)

end() { # pid file
	local pid tries=100
	pid=$(tr -d ' \n' <"$1" 2>/dev/null || true)
	if [ -z "$pid" ]; then return; fi
	kill -TERM "$pid" 2>/dev/null || true
	while [ -e "/proc/$pid" ] && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null && [ $tries -gt 0 ]; do
		sleep 0.05
		tries=$((tries - 1))
	done
	if [ $tries -le 0 ]; then kill -KILL "$pid" 2>/dev/null || true; fi
}
stop() {
	end "$dir/spool/pid/master.pid"
	end "$dir/run/master.pid"
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM

mkdir -p "$dir"/{postfix,spool,data,run,state,mail}
chown "$owner" "$dir/mail"
chown postfix "$dir/data"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=mail.bell.example \
	-addext subjectAltName=IP:127.0.0.1,DNS:localhost -keyout "$dir/key.pem" -out "$dir/ca.pem" 2>/dev/null

users='anna@customer.example ben@customer.example notices@bell.example'
boxes=""
for user in $users; do boxes="$boxes {$user = ${user#*@}/${user%@*}/}"; done
cat >"$dir/postfix/main.cf" <<CONF
compatibility_level = 3.6
queue_directory = $dir/spool
data_directory = $dir/data
maillog_file = $dir/postfix.log
maillog_file_prefixes = $dir
myhostname = mail.bell.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks_style = host
alias_maps =
alias_database =
local_recipient_maps =
recipient_delimiter = +
virtual_mailbox_domains = bell.example, customer.example
virtual_mailbox_base = $dir/mail
virtual_mailbox_maps = inline:{$boxes }
virtual_uid_maps = static:$uid
virtual_gid_maps = static:$gid
virtual_minimum_uid = 1
smtpd_reject_unlisted_recipient = no
smtpd_reject_unlisted_sender = no
strict_rfc821_envelopes = yes
smtpd_helo_required = yes
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = $dir/ca.pem
smtpd_tls_key_file = $dir/key.pem
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_recipient_restrictions = check_recipient_access inline:{ {refused@customer.example = 550 5.1.1 Nobody lives here} {later@customer.example = 450 4.7.1 Greylisted, come again} }, permit_sasl_authenticated, reject
smtpd_relay_restrictions = permit_sasl_authenticated, reject
bounce_queue_lifetime = 1h
CONF
write_services() { # port
	cat >"$dir/postfix/master.cf" <<CONF
127.0.0.1:$1 inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
CONF
}
write_dovecot() { # port
	cat >"$dir/dovecot.conf" <<CONF
protocols = imap
listen = 127.0.0.1
base_dir = $dir/run
state_dir = $dir/state
instance_name = wakebell-test
log_path = $dir/dovecot.log
ssl = required
ssl_cert = <$dir/ca.pem
ssl_key = <$dir/key.pem
mail_location = maildir:$dir/mail/%d/%n
first_valid_uid = 1
first_valid_gid = 1
passdb {
  driver = static
  args = password=$password
}
userdb {
  driver = static
  args = uid=$uid gid=$gid home=$dir/mail/%d/%n allow_all_users=yes
}
service imap-login {
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = $1
  }
}
service auth {
  unix_listener $dir/spool/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
CONF
}

answers() { # port: waits 5 s at most
	local tries=100
	until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do
		tries=$((tries - 1))
		if [ $tries -le 0 ]; then return 1; fi
		sleep 0.05
	done
}
free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

smtp="" imap=""
for _ in 1 2 3 4 5 6 7 8; do # a port may be taken: then take others
	port=$((20000 + RANDOM % 12000))
	if ! free $port || ! free $((port + 1)); then continue; fi
	write_services $port
	write_dovecot $((port + 1))
	# Postfix first: it makes the folder of the socket they share.
	if postfix -c "$dir/postfix" start >"$dir/start.log" 2>&1 && dovecot -c "$dir/dovecot.conf" >>"$dir/start.log" 2>&1 &&
		answers $port && answers $((port + 1)); then
		smtp=127.0.0.1:$port imap=127.0.0.1:$((port + 1))
		break
	fi
	end "$dir/spool/pid/master.pid"
	end "$dir/run/master.pid"
done
if [ -z "$smtp" ]; then
	echo "Postfix and Dovecot do not start:" >&2
	tail -n 5 "$dir"/*.log >&2
	exit 1
fi

export WAKEBELL_TEST_SMTP=$smtp WAKEBELL_TEST_IMAP=$imap WAKEBELL_TEST_MAIL_CA=$dir/ca.pem WAKEBELL_TEST_MAIL_PASSWORD=$password
status=0
"$@" || status=$?
if [ $status -ne 0 ] && [ -n "${WAKEBELL_TEST_MAIL_LOG:-}" ]; then tail -n 40 "$dir"/*.log >&2; fi
exit $status
