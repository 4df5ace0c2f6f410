#!/usr/bin/env bash
# A real Kafka broker for development and tests, from Maven's jars, without Docker.
#
#   deploy/dev/kafka.sh fetch        jars into the cache
#   deploy/dev/kafka.sh start DIR    starts a broker with its data in DIR, prints its addresses, stays in the background;
#                                    a second time at the same addresses, with what it held
#   deploy/dev/kafka.sh stop DIR     stops it
#   deploy/dev/kafka.sh run          starts one in a temporary DIR, until standard input ends
#   deploy/dev/kafka.sh cluster DIR  starts three brokers with their data in DIR/1 to DIR/3, which can be stopped and started
#                                    one by one; topics have three copies, of which MIN_IN_SYNC (2) have to be written
#
# Addresses are printed as  plain=HOST:PORT  secure=HOST:PORT  ca=FILE.  The secure one wants TLS and SASL:
# SCRAM-SHA-256 or PLAIN, user "alice", password "alice-secret", who may do everything, as may whoever comes to the plain
# one. The users of deploy/kafka/acls.txt log in by PLAIN ("NAME-secret") and may do nothing until rules are applied.
# With PROXY_PORT=N there is one more plain listener, printed as  behind-proxy=HOST:PORT, which tells clients to come to HOST:N.
# For tests only.
set -euo pipefail

VERSION=4.1.2
LOG4J=2.25.1
HOST=127.0.0.1
CACHE=${STREAMWARDEN_CACHE:-$HOME/.cache/streamwarden}
HOME_DIR=$CACHE/kafka-$VERSION
START_LIMIT_S=120

fail() { echo "kafka.sh: $*" >&2; exit 1; }
need() { command -v "$1" > /dev/null || fail "$1 is missing; install $2"; }

fetch() {
  [ -e "$HOME_DIR/complete" ] && return
  need mvn maven
  echo "fetching Kafka $VERSION from Maven" >&2
  local work
  mkdir -p "$CACHE"
  work=$(mktemp -d "$CACHE/kafka-fetch.XXXXXX")
  cat > "$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>io.streamwarden.dev</groupId><artifactId>kafka-broker</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$VERSION</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>$LOG4J</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>$LOG4J</version></dependency>
  </dependencies>
</project>
POM
  (cd "$work" && mvn -q -B dependency:copy-dependencies -DoutputDirectory=libs -DincludeScope=runtime >&2) ||
    fail "Maven could not fetch Kafka"
  touch "$work/complete"
  # Two that fetch at the same time: the first one wins.
  mv -T "$work" "$HOME_DIR" 2> /dev/null || rm -rf "$work"
}

free_port() {
  local port
  while :; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    (exec 3<> "/dev/tcp/$HOST/$port") 2> /dev/null || { echo "$port"; return; }
  done
}

certificate() { # DIR
  keytool -genkeypair -alias broker -keyalg EC -dname CN=localhost -validity 30 -storetype PKCS12 \
    -ext "SAN=dns:localhost,ip:$HOST" -keystore "$1/broker.p12" -storepass changeit 2> /dev/null
  keytool -exportcert -rfc -alias broker -keystore "$1/broker.p12" -storepass changeit > "$1/ca.pem" 2> /dev/null
}

plain_users() {
  local user
  for user in streamwarden-{collector,featurizer,inference,notifier} subscriber; do
    printf 'user_%s="%s-secret" ' "$user" "$user"
  done
}

properties() { # DIR PLAIN SECURE CONTROLLER PROXIED
  local node=1 copies=1 in_sync=1 quorum="controller.quorum.bootstrap.servers=$HOST:$4" listen="" advertise=""
  if [ -e "$1/node" ]; then
    read -r node in_sync quorum < "$1/node"
    copies=3 quorum="controller.quorum.voters=$quorum"
  fi
  if [ -n "${PROXY_PORT:-}" ]; then
    listen=",PROXIED://$HOST:$5" advertise=",PROXIED://$HOST:$PROXY_PORT"
  fi
  cat <<PROPERTIES
process.roles=broker,controller
node.id=$node
$quorum
listeners=PLAINTEXT://$HOST:$2,SASL_SSL://$HOST:$3,CONTROLLER://$HOST:$4$listen
advertised.listeners=PLAINTEXT://$HOST:$2,SASL_SSL://$HOST:$3,CONTROLLER://$HOST:$4$advertise
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,PROXIED:PLAINTEXT
ssl.keystore.type=PKCS12
ssl.keystore.location=$1/broker.p12
ssl.keystore.password=changeit
sasl.enabled.mechanisms=SCRAM-SHA-256,PLAIN
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="alice-secret" $(plain_users);
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:alice
log.dirs=$1/data
default.replication.factor=$copies
min.insync.replicas=$in_sync
offsets.topic.replication.factor=$copies
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=$copies
transaction.state.log.min.isr=$in_sync
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
log.segment.bytes=67108864
log.retention.check.interval.ms=2000
PROPERTIES
}

logging() {
  cat <<LOGGING
status=warn
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{HH:mm:ss.SSS} %p %c{1} %m%n
rootLogger.level=INFO
rootLogger.appenderRef.console.ref=console
LOGGING
}

# Without '-', which is taken for an option where it comes first.
cluster_id() { head -c 16 /dev/urandom | base64 | tr '+/' 'A_' | tr -d '='; }

start() { # DIR
  need java "a JDK, 17 or newer"
  need keytool "a JDK, 17 or newer"
  fetch
  local dir plain secure controller proxied kind pid
  mkdir -p "$1"
  dir=$(cd "$1" && pwd)
  [ -e "$dir/ports" ] || ports > "$dir/ports"
  read -r plain secure controller proxied < "$dir/ports"
  [ -e "$dir/ca.pem" ] || certificate "$dir"
  properties "$dir" "$plain" "$secure" "$controller" "$proxied" > "$dir/server.properties"
  logging > "$dir/log4j2.properties"
  kind=(--standalone -t "$(cluster_id)")
  [ ! -e "$dir/node" ] || kind=(-t "$(cat "$dir/../cluster-id")")
  [ -e "$dir/data/meta.properties" ] ||
    java -Xmx128m -cp "$HOME_DIR/libs/*" kafka.tools.StorageTool format "${kind[@]}" \
      -c "$dir/server.properties" --add-scram 'SCRAM-SHA-256=[name=alice,password=alice-secret]' \
      > "$dir/format.log" 2>&1 || fail "the data directory cannot be formatted: $(tail -n 3 "$dir/format.log")"
  nohup java -Xms64m -Xmx512m -XX:+UseSerialGC -Dlog4j2.configurationFile="$dir/log4j2.properties" \
    -cp "$HOME_DIR/libs/*" kafka.Kafka "$dir/server.properties" > "$dir/broker.log" 2>&1 < /dev/null &
  pid=$!
  echo "$pid" > "$dir/broker.pid"
  for _ in $(seq $((START_LIMIT_S * 5))); do
    if grep -q 'Kafka Server started' "$dir/broker.log"; then
      echo "plain=$HOST:$plain secure=$HOST:$secure ca=$dir/ca.pem${PROXY_PORT:+ behind-proxy=$HOST:$proxied}"
      return
    fi
    kill -0 "$pid" 2> /dev/null || fail "the broker ended at once; see $dir/broker.log"
    sleep 0.2
  done
  kill "$pid"
  fail "the broker did not start within $START_LIMIT_S s; see $dir/broker.log"
}

ports() { echo "$(free_port) $(free_port) $(free_port) $(free_port)"; }

cluster() { # DIR
  local dir node voters="" brokers="" plain controller
  need java "a JDK, 17 or newer"
  need keytool "a JDK, 17 or newer"
  mkdir -p "$1"
  dir=$(cd "$1" && pwd)
  cluster_id > "$dir/cluster-id"
  certificate "$dir"
  for node in 1 2 3; do
    mkdir -p "$dir/$node"
    cp "$dir/broker.p12" "$dir/ca.pem" "$dir/$node/"
    ports > "$dir/$node/ports"
    read -r plain _ controller _ < "$dir/$node/ports"
    voters+=",$node@$HOST:$controller" brokers+=",$HOST:$plain"
  done
  for node in 1 2 3; do
    echo "$node ${MIN_IN_SYNC:-2} ${voters#,}" > "$dir/$node/node"
    start "$dir/$node" > "$dir/$node/addresses" &
  done
  wait
  for node in 1 2 3; do
    [ -s "$dir/$node/addresses" ] || fail "broker $node did not start; see $dir/$node/broker.log"
  done
  echo "plain=${brokers#,}"
}

stop() { # DIR
  [ -e "$1/broker.pid" ] || fail "no broker was started in $1"
  local pid
  pid=$(cat "$1/broker.pid")
  kill "$pid" 2> /dev/null || true
  for _ in $(seq 50); do
    kill -0 "$pid" 2> /dev/null || break
    sleep 0.2
  done
  kill -9 "$pid" 2> /dev/null || true
  rm -f "$1/broker.pid"
}

run() {
  RUN_DIR=$(mktemp -d)
  trap 'stop "$RUN_DIR" || true; rm -rf "$RUN_DIR"' EXIT
  start "$RUN_DIR"
  # Whoever started us holds our standard input open for as long as the broker is wanted.
  cat > /dev/null
}

case "${1:-}" in
  fetch) fetch ;;
  start) start "${2:?start DIR}" ;;
  stop) stop "${2:?stop DIR}" ;;
  cluster) cluster "${2:?cluster DIR}" ;;
  run) run ;;
  *) sed -n '2,18s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
