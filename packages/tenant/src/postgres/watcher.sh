# Runs PostgreSQL for as long as standard input stays open: when the tenant goes, however it goes, so does PostgreSQL.
# usage: sh watcher.sh SOCKET_DIRECTORY POSTGRES ARGUMENT...
sockets=$1
shift
exec 4<&0
"$@" </dev/null 4<&- &
postgres=$!
# SIGINT is PostgreSQL's fast shutdown: clients are dropped, everything committed is kept.
{ read -r _; kill -INT "$postgres"; } <&4 2>/dev/null &
reader=$!
wait "$postgres"
code=$?
kill "$reader" 2>/dev/null
rm -rf "$sockets"
exit "$code"
