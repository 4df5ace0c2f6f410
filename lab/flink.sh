#!/usr/bin/env bash
# Gets a real Flink and the lab's jobs into the cache, and prints where they are.
#
#   flink.sh fetch VERSION   unpacks Flink and prints its FLINK_HOME
#   flink.sh jobs  VERSION   compiles the lab's jobs against it and prints the jar
#   flink.sh connectors VERSION   fetches the Kafka connector for it from Maven and prints its folder
#   flink.sh kafka-jobs VERSION   the same jobs, and those that read and write Kafka
#
# The cache is ${STREAMWARDEN_CACHE:-$HOME/.cache/streamwarden}; what is there already is not fetched again.
set -euo pipefail

cache="${STREAMWARDEN_CACHE:-$HOME/.cache/streamwarden}"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

say() { printf '%s\n' "$*" >&2; }

need() {
    command -v "$1" >/dev/null || { say "flink.sh: $1 is missing; install $2"; exit 3; }
}

# The Python package of Flink's jars holds the whole distribution: lib/, opt/, plugins/.
download() {
    local version="$1" found
    mkdir -p "$cache/downloads"
    found="$(compgen -G "$cache/downloads/apache_flink_libraries-$version[-.]*" | head -n 1 || true)"
    if [ -z "$found" ]; then
        need python3 python3-pip
        say "downloading Flink $version (about 250 MB)"
        python3 -m pip download --quiet --disable-pip-version-check --no-deps \
            --dest "$cache/downloads" "apache-flink-libraries==$version" >&2
        found="$(compgen -G "$cache/downloads/apache_flink_libraries-$version[-.]*" | head -n 1)"
    fi
    printf '%s\n' "$found"
}

unpack() {
    local archive="$1" into="$2"
    case "$archive" in
        *.whl) python3 -m zipfile -e "$archive" "$into"; mv "$into/pyflink" "$into/flink" ;;
        *.tar.gz) tar -xzf "$archive" -C "$into"; mv "$into"/*/deps "$into/flink" ;;
    esac
    mkdir -p "$into/flink/conf" "$into/flink/log" "$into/flink/plugins"
    cp "$here/conf/log4j.properties" "$into/flink/conf/"
}

fetch() {
    local version="$1" home="$cache/flink/$1"
    if [ ! -d "$home/lib" ]; then
        local archive staging
        archive="$(download "$version")"
        mkdir -p "$cache/flink"
        staging="$(mktemp -d "$cache/flink/.unpack-XXXXXX")"
        say "unpacking Flink $version"
        unpack "$archive" "$staging"
        # Another process may have been faster; its copy is as good as ours.
        mv -T "$staging/flink" "$home" 2>/dev/null || [ -d "$home/lib" ]
        rm -rf "$staging"
    fi
    printf '%s\n' "$home"
}

# Kafka's connector for a version of Flink: no release is made for all of them.
connectors() {
    local version="$1" folder="$cache/connectors/$1" staging artifact wanted
    case "$version" in
        2.2.*) wanted="org.apache.flink:flink-sql-connector-kafka:5.0.0-2.2" ;;
        1.20.*)
            wanted="org.apache.flink:flink-connector-kafka:3.4.0-1.20 org.apache.kafka:kafka-clients:3.4.0"
            wanted="$wanted org.apache.flink:flink-connector-base:1.20.1"
            ;;
        *) say "flink.sh: there is no Kafka connector for Flink $version"; exit 3 ;;
    esac
    if [ ! -d "$folder" ]; then
        need mvn maven
        mkdir -p "$cache/connectors"
        staging="$(mktemp -d "$cache/connectors/.fetch-XXXXXX")"
        say "fetching the Kafka connector for Flink $version"
        for artifact in $wanted; do
            mvn -q -B dependency:copy -Dartifact="$artifact" -DoutputDirectory="$staging/jars" >&2
        done
        mv -T "$staging/jars" "$folder" 2>/dev/null || [ -d "$folder" ]
        rm -rf "$staging"
    fi
    printf '%s\n' "$folder"
}

jobs() { compile lab-jobs "$1" "" common "flink${1%%.*}"; }
kafka_jobs() { compile lab-kafka-jobs "$1" ":$(connectors "$1")/*" common "flink${1%%.*}" kafka; }

# The jar is named by what it was compiled from, so that a changed job is compiled again. What lies in src/replaced is
# compiled last, alone, and takes the place of the classes that the jobs were compiled against; what lies in src/absent is
# compiled against and then left out: so a job meets another version of a class, or none, as with a wrong dependency.
compile() {
    local name="$1" version="$2" more="$3" home sources sum jar staging
    shift 3
    need javac "a JDK, version 17 (openjdk-17-jdk-headless)"
    home="$(fetch "$version")"
    sources="$(for part in "$@" absent; do find "$here/jobs/src/$part" -name '*.java'; done | sort)"
    # shellcheck disable=SC2086
    sum="$(cat $sources "$here"/jobs/src/replaced/*/*/*/*.java "$here/flink.sh" | sha256sum | cut -c1-12)"
    jar="$cache/jobs/$name-$version-$sum.jar"
    if [ ! -f "$jar" ]; then
        mkdir -p "$cache/jobs"
        staging="$(mktemp -d "$cache/jobs/.build-XXXXXX")"
        say "compiling the lab's jobs for Flink $version"
        # shellcheck disable=SC2086
        javac -nowarn -Xlint:none --release 11 -d "$staging/classes" -cp "$home/lib/*$more" $sources >&2
        rm -rf "$staging"/classes/io/streamwarden/lab/absent
        javac -nowarn -Xlint:none --release 11 -d "$staging/classes" "$here"/jobs/src/replaced/*/*/*/*.java >&2
        command jar --create --file "$staging/jobs.jar" -C "$staging/classes" .
        mv "$staging/jobs.jar" "$jar"
        rm -rf "$staging"
    fi
    printf '%s\n' "$jar"
}

case "${1:-}" in
    fetch | jobs | connectors | kafka-jobs)
        [ $# -eq 2 ] || { say "usage: flink.sh $1 VERSION"; exit 2; }
        "${1//-/_}" "$2"
        ;;
    *)
        say "usage: flink.sh fetch | jobs | connectors | kafka-jobs VERSION"
        exit 2
        ;;
esac
