# Runs a command and stops it when the process that started this script is gone.
#
# Usage: sh -c "$script" watchdog SIGNAL GRACE COMMAND [ARGUMENT...]
#   SIGNAL  sent first, without "SIG" (TERM, INT ...)
#   GRACE   whole seconds until KILL follows
#   fd 3    read end of a pipe whose write end only the parent holds
#   fd 4    receives the pid of the command, and a newline
# The exit status is that of the command, or 128 + n when signal n killed it.
#
# An asynchronous command of a shell starts with INT and QUIT ignored. A program
# that wants them installs its own handler, as every server does.

signal=$1
grace=$2
shift 2

# No trap is set yet: until it has become the command, the child would inherit it
# and lose a signal that comes in that moment.
(exec "$@" 3<&- 4>&-) &
child=$!

(
	trap '' HUP INT TERM
	read -r _ <&3 # returns at end of file: the parent is gone
	kill -s CONT "$child"
	kill -s "$signal" "$child"
	while [ "$grace" -gt 0 ] && kill -s 0 "$child"; do
		sleep 1
		grace=$((grace - 1))
	done
	kill -s KILL "$child"
) >/dev/null 2>&1 4>&- &
watcher=$!
exec 3<&-

# A signal for this shell must not end it before the command ends.
trap : HUP INT TERM

# Only now that the watcher is there may anyone know the command's pid.
echo "$child" >&4
exec 4>&-

# A trapped signal makes wait return early: wait again while the command lives.
wait "$child"
status=$?
while [ "$status" -gt 128 ] && kill -s 0 "$child" 2>/dev/null; do
	wait "$child"
	status=$?
done

kill -s KILL "$watcher" 2>/dev/null
exit "$status"
