# Readers of other makes: each reads the events of one topic and prints a line for each, which has to
# be what Confluent's Python client makes of them (readers/event_lines.py). Sourced by run.sh, whose
# variables it uses. Needs a JDK 17, Maven and Go; kcat, Cargo and a
# Node.js 20 are used where they are.

readers=$here/readers
java_libraries=$root/.dev/interop-java/$(cksum <"$readers/java/pom.xml" | cut -d' ' -f1)
node_packages=$root/.dev/interop-node
rust_target=$root/.dev/interop-rust
replaced_venv=$root/.dev/interop-replaced-venv
read_seconds=90

install_readers() {
  local tool
  for tool in java javac mvn go; do
    command -v $tool >/dev/null || {
      echo "This needs $tool" >&2
      return 1
    }
  done
  "$python" -m pip install --quiet --disable-pip-version-check \
    --requirement "$readers/requirements.txt" || return 1
  [ -x "$replaced_venv/bin/python" ] || python3 -m venv "$replaced_venv" || return 1
  "$replaced_venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --requirement "$readers/requirements-replaced.txt" || return 1
  npm install --prefix "$node_packages" --save-exact --loglevel=error --no-fund --no-audit \
    cloudevents@10.0.0 >"$temp/npm.log" 2>&1 || {
    cat "$temp/npm.log" >&2
    return 1
  }
  # The folder appears with all of them or not at all.
  if [ ! -d "$java_libraries" ]; then
    mvn -q -B -f "$readers/java/pom.xml" dependency:copy-dependencies \
      -DoutputDirectory="$java_libraries.part" || return 1
    mv "$java_libraries.part" "$java_libraries" || return 1
  fi
  mkdir "$temp/go"
  javac -cp "$java_libraries/*" -d "$temp/classes" "$readers"/java/*.java || return 1
  (cd "$readers/go" && go build -o "$temp/go/" ./...) || return 1
  ! command -v cargo >/dev/null || cargo build --quiet --locked --target-dir "$rust_target" \
    --manifest-path "$readers/rust/Cargo.toml"
}

# No function: in the background that would be a subshell, whose end leaves the Java behind.
java_command=(java -Dorg.slf4j.simpleLogger.defaultLogLevel=warn
  -cp "$java_libraries/*:$temp/classes")

# A worker of its own, ended when the sink has all, or too late.
run_connect() {
  local framed_key="
key.converter=io.apicurio.registry.utils.converter.AvroConverter
key.converter.apicurio.registry.url=$registry/apis/registry/v2
key.converter.apicurio.registry.as-confluent=true
key.converter.apicurio.registry.use-id=contentId"
  [ "$key_format" = avro ] || framed_key=key.converter=org.apache.kafka.connect.storage.StringConverter
  cat >"$temp/worker.properties" <<WORKER
bootstrap.servers=$kafka
listeners=http://127.0.0.1:$(free_port)
offset.storage.file.filename=$temp/connect.offsets
header.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=io.apicurio.registry.utils.converter.AvroConverter
value.converter.apicurio.registry.url=$registry/apis/registry/v2
value.converter.apicurio.registry.as-confluent=true
value.converter.apicurio.registry.use-id=contentId
$framed_key
WORKER
  cat >"$temp/sink.properties" <<SINK
name=interop-$topic
connector.class=PrintingSink
topics=$topic
file=$temp/connect.lines
consumer.override.auto.offset.reset=earliest
SINK
  rm -f "$temp/connect.lines"
  "${java_command[@]}" org.apache.kafka.connect.cli.ConnectStandalone \
    "$temp/worker.properties" "$temp/sink.properties" >"$temp/connect.log" &
  local worker=$!
  local end=$((SECONDS + read_seconds))
  until [ "$(wc -l 2>/dev/null <"$temp/connect.lines")" = "$count" ] || ((SECONDS > end)) ||
    ! kill -0 $worker 2>/dev/null; do sleep 0.5; done
  kill -TERM $worker 2>/dev/null
  until ! kill -0 $worker 2>/dev/null || ((SECONDS > end + stop_seconds)); do sleep 0.2; done
  kill -KILL $worker 2>/dev/null
  wait $worker
  cat "$temp/connect.log" >&2
  cat "$temp/connect.lines"
}

# compare TITLE COMMAND...
compare() {
  local title=$1
  shift
  "$@" >"$temp/reader.lines" 2>"$temp/reader.log"
  local code=$?
  if [ $code -eq 0 ] && sort -n -k1,1 -k2,2 "$temp/reader.lines" | cmp -s "$expected" -; then
    echo "  ok  $title: $count events"
    return 0
  fi
  echo "  FAILED  $title ended with $code and $(wc -l <"$temp/reader.lines") of $count events" >&2
  sort -n -k1,1 -k2,2 "$temp/reader.lines" | diff "$expected" - | head -n 6 >&2
  tail -n 20 "$temp/reader.log" >&2
  return 1
}

# compare_where PROGRAM TITLE COMMAND...
compare_where() {
  if command -v "$1" >/dev/null; then
    compare "${@:2}"
  else
    echo "  not run  $2: $1 is not on this machine"
  fi
}

# check_readers: of the topic that the service has just written.
check_readers() {
  local at=(--bootstrap-servers "$kafka" --schema-registry "$registry" --topic "$topic"
    --key-format "$key_format")
  local expected=$temp/expected count code=0
  "$python" "$readers/reference.py" "${at[@]}" --partitions "$partitions" |
    sort -n -k1,1 -k2,2 >"$expected"
  count=$(wc -l <"$expected")
  [ "$count" -gt 0 ] || return 1
  check_replaced_consumer || code=1
  compare 'CloudEvents SDK of Python' "$python" "$readers/cloudevents_python.py" "${at[@]}" \
    --partitions "$partitions" || code=1
  compare 'CloudEvents SDK of JavaScript' timeout "$read_seconds" node "$readers/cloudevents-node.mjs" "${at[@]}" \
    --count "$count" --packages "$node_packages" || code=1
  compare 'CloudEvents SDK of Go' "$temp/go/cloudevents" "${at[@]}" --count "$count" || code=1
  compare 'Go: franz-go, hamba/avro' "$temp/go/franz" "${at[@]}" --count "$count" || code=1
  compare "Java: Apicurio's serde" "${java_command[@]}" ReadWithSerde "${at[@]}" --count "$count" || code=1
  compare 'Java: CloudEvents SDK' "${java_command[@]}" ReadCloudEvents "${at[@]}" --count "$count" || code=1
  compare 'Kafka Streams' "${java_command[@]}" ReadWithStreams "${at[@]}" --count "$count" \
    --state-dir "$temp/streams" || code=1
  compare "Kafka Connect with Apicurio's AvroConverter" run_connect || code=1
  compare "Kafka's console consumer" "$python" "$readers/console_consumer.py" "${at[@]}" \
    --count "$count" -- "${java_command[@]}" || code=1
  compare_where kcat kcat "$python" "$readers/kcat.py" "${at[@]}" || code=1
  compare_where cargo 'Rust: rskafka, apache-avro' "$rust_target/debug/read-with-rust" "${at[@]}" ||
    code=1
  [ "$key_format" = avro ] || check_typescript_example || code=1
  return $code
}

# Of a Node that is older than the example's own: npm brings that one.
check_typescript_example() {
  local node
  node=$(find_node_20) || {
    echo '  not run  examples/typescript with Node 20: there is none on this machine'
    return 0
  }
  "$python" "$here/check_typescript_example.py" --node "$node" --bootstrap-servers "$kafka" \
    --schema-registry "$registry" --topic "$topic" --expected "$expected"
}

# Behind the one of this project on the PATH.
find_node_20() {
  local node
  while read -r node; do
    case $("$node" --version) in v20.*) echo "$node" && return 0 ;; esac
  done < <(type -aP node)
  return 1
}

# With plain keys it has to fail at each event, and prints nothing.
check_replaced_consumer() {
  local read=("$replaced_venv/bin/python" "$readers/replaced_consumer.py" "${at[@]}" --count "$count")
  if [ "$key_format" = avro ]; then
    compare "the replaced service's consumer" "${read[@]}"
  elif "${read[@]}" 2>"$temp/reader.log"; then
    echo "  ok  the replaced service's consumer skips all $count events with plain keys"
  else
    echo "  FAILED  the replaced service's consumer: $(tail -n 3 "$temp/reader.log")" >&2
    return 1
  fi
}
