#!/bin/bash
# Everybody may reach this process, FLINK_PROPERTIES (lines `key: value`) go over config.yaml; then the process itself.
set -euo pipefail

changes=(
    -repKV rest.address,localhost,0.0.0.0
    -repKV rest.bind-address,localhost,0.0.0.0
    -repKV jobmanager.bind-host,localhost,0.0.0.0
    -repKV taskmanager.bind-host,localhost,0.0.0.0
    -rmKV taskmanager.host=localhost
    -D "jobmanager.rpc.address=$(hostname)"
)
while IFS=: read -r key value; do
    key=${key// /}
    [ -z "$key" ] || changes+=(-D "$key=${value# }")
done <<< "${FLINK_PROPERTIES:-}"
"$FLINK_HOME/bin/config-parser-utils.sh" "$FLINK_HOME/conf" "$FLINK_HOME/bin" "$FLINK_HOME/lib" "${changes[@]}"

case ${1:-} in
    jobmanager | taskmanager) exec "$FLINK_HOME/bin/$1.sh" start-foreground ;;
    *) exec "$@" ;;
esac
