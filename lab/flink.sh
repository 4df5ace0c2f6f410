#!/usr/bin/env bash
# Gets a real Flink and the lab's jobs into the cache, and prints where they are.
#
#   flink.sh fetch VERSION   unpacks Flink and prints its FLINK_HOME
#   flink.sh jobs  VERSION   compiles the lab's jobs against it and prints the jar
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

# The jar is named by what it was compiled from, so that a changed job is compiled again.
jobs() {
    local version="$1" home sources sum jar staging
    need javac "a JDK, version 17 (openjdk-17-jdk-headless)"
    home="$(fetch "$version")"
    sources="$(find "$here/jobs/src/common" "$here/jobs/src/flink${version%%.*}" -name '*.java' | sort)"
    # shellcheck disable=SC2086
    sum="$(cat $sources | sha256sum | cut -c1-12)"
    jar="$cache/jobs/lab-jobs-$version-$sum.jar"
    if [ ! -f "$jar" ]; then
        mkdir -p "$cache/jobs"
        staging="$(mktemp -d "$cache/jobs/.build-XXXXXX")"
        say "compiling the lab's jobs for Flink $version"
        # shellcheck disable=SC2086
        javac -nowarn -Xlint:none --release 11 -d "$staging/classes" -cp "$home/lib/*" $sources >&2
        command jar --create --file "$staging/jobs.jar" -C "$staging/classes" .
        mv "$staging/jobs.jar" "$jar"
        rm -rf "$staging"
    fi
    printf '%s\n' "$jar"
}

case "${1:-}" in
    fetch | jobs)
        [ $# -eq 2 ] || { say "usage: flink.sh $1 VERSION"; exit 2; }
        "$1" "$2"
        ;;
    *)
        say "usage: flink.sh fetch VERSION | jobs VERSION"
        exit 2
        ;;
esac
