#!/usr/bin/env bash
# A real Elasticsearch node from Maven Central jars, for tests, on 127.0.0.1 only.
#   run.sh jdk                                          prints the JDK that is used, or fails
#   run.sh setup                                        fetch jars with mvn, compile, lay out ES_CACHE (once)
#   run.sh start NAME HTTP_PORT TRANSPORT_PORT DATA_DIR [key=value ...]
#                                                       runs in the foreground (exec: the pid is java's);
#                                                       prints "started NAME ..." when HTTP answers
# ES_CACHE: where the jars go (default ~/.cache/anjuan-es-node); ES_HEAP: heap of a node (default 512m);
# ES_JAVA_OPTS: more options for java (default -XX:TieredStopAtLevel=1: a quick start; empty: for figures)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${ES_CACHE:-$HOME/.cache/anjuan-es-node}
home=$cache/home
heap=${ES_HEAP:-512m}

major() { "$1/bin/javac" -version 2>&1 | sed -E 's/javac ([0-9]+).*/\1/'; }

jdk() {  # a JDK of 21 or newer
  local d
  for d in "${JAVA_HOME:-}" /usr/lib/jvm/*; do
    [ -x "$d/bin/javac" ] && [ "$(major "$d")" -ge 21 ] && { echo "$d"; return; }
  done
  echo "no JDK >= 21 found" >&2; return 1
}

module() {  # module NAME CLASS VERSION: writes the descriptor of modules/NAME; no modulename line: class-path mode
  printf 'name=%s\ndescription=%s\nversion=%s\nelasticsearch.version=%s\njava.version=21\nclassname=%s\n' \
    "$1" "$1" "$3" "$3" "$2" > "$home/modules/$1/plugin-descriptor.properties"
}

setup() {
  local java_home version; java_home=$(jdk)
  version=$(sed -nE 's:.*<es.version>(.*)</es.version>.*:\1:p' "$here/pom.xml")
  local stamp; stamp="$version $(sha256sum "$here/EsNode.java" "$here/pom.xml" "$here/run.sh" | sha256sum)"
  [ "$(cat "$cache/stamp" 2>/dev/null)" = "$stamp" ] && return 0
  rm -rf "$cache"; mkdir -p "$home/lib" "$home/modules/transport-netty4" "$home/modules/gaps" "$cache/classes/main" "$cache/classes/gaps"
  mvn -B -q -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$home/lib"
  # a module's classes must not be on the server's class path
  mv "$home"/lib/netty-*.jar "$home"/lib/transport-netty4-*.jar "$home"/lib/elasticsearch-ssl-config-*.jar "$home/modules/transport-netty4/"
  module transport-netty4 org.elasticsearch.transport.netty4.Netty4Plugin "$version"
  "$java_home/bin/javac" -nowarn -cp "$home/lib/*" -d "$cache/classes/main" "$here/EsNode.java"
  mv "$cache"/classes/main/EsNode\$GapsPlugin*.class "$cache/classes/gaps/"
  "$java_home/bin/jar" cf "$home/modules/gaps/gaps.jar" -C "$cache/classes/gaps" .
  module gaps 'EsNode$GapsPlugin' "$version"
  # codec best_compression wants zstd, whose library is not in the jars: the system's (Debian's libzstd1) does
  local zstd; zstd=$(PATH=$PATH:/sbin ldconfig -p | sed -nE 's/.*libzstd\.so\.1 .*=> //p' | head -1)
  if [ -n "$zstd" ]; then mkdir -p "$cache/native"; cp -L "$zstd" "$cache/native/libzstd.so"; fi
  echo "$stamp" > "$cache/stamp"
}

start() {
  local name=$1 http=$2 transport=$3 data=$4; shift 4
  local extra=("$@") jvm=() java_home; java_home=$(jdk)
  [ "$(major "$java_home")" -ge 23 ] && jvm=(--sun-misc-unsafe-memory-access=allow)  # netty's; quiet
  # without seed hosts: a cluster of one
  [[ " $* " == *discovery.seed_hosts=* ]] || extra+=("discovery.type=single-node")
  [ -d "$cache/native" ] && jvm+=("-Des.nativelibs.path=$cache/native" -Dorg.elasticsearch.nativeaccess.enableVectorLibrary=false)
  mkdir -p "$data/tmp"; data=$(cd "$data" && pwd)
  exec "$java_home/bin/java" "-Xms$heap" "-Xmx$heap" -XX:+UseSerialGC -Djava.io.tmpdir="$data/tmp" \
    --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED "${jvm[@]}" \
    -Dfile.encoding=UTF-8 -XX:+ExitOnOutOfMemoryError ${ES_JAVA_OPTS--XX:TieredStopAtLevel=1} \
    -cp "$cache/classes/main:$home/lib/*" EsNode "$home" \
    "node.name=$name" "http.port=$http" "transport.port=$transport" network.host=127.0.0.1 \
    "path.data=$data/data" "path.logs=$data/logs" "path.repo=$data/repo" \
    cluster.routing.allocation.disk.threshold_enabled=false \
    "${extra[@]}"
}

locked_setup() { mkdir -p "$(dirname "$cache")"; (flock 9; setup) 9>"$cache.lock"; }  # nodes may start side by side

case "${1:-}" in
  setup) locked_setup ;;
  jdk) jdk ;;
  start) shift; locked_setup >&2; start "$@" ;;
  *) sed -n "2,10p" "$0"; exit 2 ;;
esac
