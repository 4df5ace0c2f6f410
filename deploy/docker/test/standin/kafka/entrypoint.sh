#!/bin/bash
# KAFKA_AUTO_CREATE_TOPICS_ENABLE=false becomes auto.create.topics.enable=false; then formats, then serves.
set -euo pipefail
config=/opt/kafka/config/server.properties

while IFS='=' read -r name value; do
    case $name in
        KAFKA_HEAP_OPTS) ;;
        KAFKA_*)
            key=$(tr '[:upper:]' '[:lower:]' <<< "${name#KAFKA_}")
            printf '%s=%s\n' "${key//_/.}" "$value"
            ;;
    esac
done < <(env) > "$config"

[ -e "$KAFKA_LOG_DIRS/meta.properties" ] ||
    java -Xmx128m -cp '/opt/kafka/libs/*' kafka.tools.StorageTool format \
        -t "${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}" -c "$config"
# shellcheck disable=SC2086  # options are words
exec java ${KAFKA_HEAP_OPTS:--Xmx512m} -XX:+UseSerialGC -Dlog4j2.configurationFile=/opt/kafka/log4j2.properties \
    -cp '/opt/kafka/libs/*' kafka.Kafka "$config"
