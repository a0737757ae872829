# The steps of ./run as functions. Sourced by it: they share work, service, image, port, passed and failed.

# What docs/install.md says of the image of the service, with a margin.
IMAGE_MB=90

finish() {
  for pid in $service $image; do kill -9 "$pid" 2>/dev/null; done
  rm -rf "$work"
}

# step NAME COMMAND…: runs it, tells how it went and how long it took, and counts it.
step() {
  local name=$1 begun=$SECONDS
  shift
  echo "==> $name"
  if "$@"; then
    passed=$((passed + 1))
    echo "==> ok: $name ($((SECONDS - begun)) s)"
  else
    failed=$((failed + 1))
    echo "==> FAILED: $name ($((SECONDS - begun)) s)"
    return 1
  fi
}

# Counts the tests of a report; a spec that could not run counts as one.
count_jest() {
  local report=$1 counts
  counts=$(node -p 'const r = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
    `${r.numPassedTests} ${r.numFailedTests + r.numRuntimeErrorTestSuites}`' "$report") || counts='0 1'
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
}

# The README's own lines, on a port that is free. Without curl its two uses here are done by Node.js.
readme_curl() {
  local pattern=$1 line
  line=$(awk -v pattern="$pattern" '
    /^curl / { text = $0; while (sub(/\\$/, "", text)) { getline; text = text $0 }
      if (index(text, pattern)) { print text; exit } }' README.md)
  [ -n "$line" ] || { echo "no such curl line in README.md: $pattern" >&2; return 1; }
  eval "${line//:3000/:$port}"
}
command -v curl >/dev/null || curl() {
  node -e 'const [url, , file] = process.argv.slice(1);
    fetch(url, file ? { method: "POST", body: require("fs").readFileSync(file.slice(1)) } : {})
      .then((answer) => answer.text()).then((text) => process.stdout.write(text));' -- "$@"
}

free_port() {
  node -e 'const server = require("net").createServer().listen(0, "127.0.0.1", () => {
    console.log(server.address().port); server.close(); });'
}

# within SECONDS COMMAND…: tries until it succeeds.
within() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.2
  done
}

is_ready() {
  curl "http://127.0.0.1:$port/readyz" 2>/dev/null | grep -q '"ready"'
}

is_dead() {
  ! kill -0 "$service" 2>/dev/null
}

is_ready_or_dead() {
  is_ready || is_dead
}

is_gone() {
  [ ! -e "$work/data/postgres/postmaster.pid" ] && is_dead
}

start_service() {
  port=$(free_port)
  PORT=$port DATA_DIR=$work/data npm start >"$work/service.log" 2>&1 &
  service=$!
  within 120 is_ready_or_dead && is_ready || { cat "$work/service.log"; return 1; }
}

post_sample() {
  local answer
  answer=$(readme_curl /webhooks/im 2>/dev/null)
  echo "$answer"
  [ "$answer" = '{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0}' ]
}

read_back() {
  readme_curl '%40TGS%232J4SZEAEL/topics' 2>/dev/null | tee "$work/topics.json"
  echo
  node -e 'const [topic] = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")).data;
    const fields = topic.userDefinedDataList.map(({ key, value }) => `${key}=${value}`);
    process.exitCode = fields.join() === "UserDefined1=hello,UserDefined2=world" ? 0 : 1;' "$work/topics.json"
}

stop_service() {
  kill "$service" && within 15 is_gone && wait "$service" || { cat "$work/service.log"; return 1; }
  service=
}

# No container engine is needed: the build stages of the Dockerfile, by hand.
make_image() {
  local directory=$work/image line size
  mkdir "$directory" || return 1
  while read -r line; do
    case $line in
      'COPY --from='*) ;;
      'COPY '*) set -- ${line#COPY } && cp -R "${@:1:$#-1}" "$directory/" || return 1 ;;
      'RUN '*) (cd "$directory" && eval "${line#RUN }") </dev/null || return 1 ;;
    esac
  done < <(sed -e ':join' -e '/\\$/{N;s/\\\n//;b join' -e '}' -e "s# /data# $work/image-data#g" Dockerfile)
  size=$(du -sm --apparent-size "$directory/node_modules" | cut -f1)
  echo "$size MB of packages"
  [ "$size" -le "$IMAGE_MB" ]
}

# What came out of it, in production form, on the database of the service that runs.
serve_image() {
  local url port status=1
  url=$(DATA_DIR=$work/data node tools/embedded-postgres/cli.mjs </dev/null) || return 1
  port=$(free_port)
  (
    cd "$work/image" || exit 1
    exec env NODE_ENV=production HOST=127.0.0.1 PORT="$port" DATA_DIR="$work/image-data" DATABASE_URL="$url" \
      IM_SDK_APP_ID=1400000000 IM_CALLBACK_AUTH=off API_AUTH=off DRAIN_SECONDS=0 node dist/main.js
  ) &
  image=$!
  within 30 is_ready && read_back && status=0
  kill "$image" && wait "$image" && return "$status"
}

# PostgreSQL does not run as root: as root the specs above have used another account for it. Here they
# run as an ordinary user all the way, in a copy which that user may enter.
ordinary_user() {
  local copy=$work/copy report=$work/copy/jest.json
  mkdir "$copy" && tar --exclude=./.git --exclude=./.data -cf - . | tar -xf - -C "$copy" || return 1
  chown -R nobody "$copy"
  (
    cd "$copy" || exit 1
    export HOME=$copy PATH
    setpriv --reuid="$(id -u nobody)" --regid="$(id -g nobody)" --clear-groups \
      node --disable-warning=ExperimentalWarning --experimental-vm-modules node_modules/jest/bin/jest.js \
      --json --outputFile="$report" operations/embedded-postgres operations/process
  )
  count_jest "$report"
  [ -s "$report" ]
}

has_proxies() (
  PATH=$PATH:/usr/sbin
  command -v haproxy && command -v pgbouncer
) >/dev/null

has_chromium() {
  command -v "${CHROMIUM:-/usr/bin/chromium}" >/dev/null
}

# Debian's, if they are not there and can be had: npm does not bring them.
install_tools() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return
  local install='apt-get install --yes --no-install-recommends haproxy pgbouncer nginx faketime'
  export DEBIAN_FRONTEND=noninteractive
  timeout 300 bash -c "$install || { apt-get update && $install; }" >"$work/apt.log" 2>&1
  has_chromium || timeout 300 bash -c 'apt-get update && apt-get install --yes --no-install-recommends chromium' \
    >>"$work/apt.log" 2>&1
  # The scripts start their own; a package may have started one of its own, too.
  for name in haproxy pgbouncer nginx; do service "$name" stop; done >>"$work/apt.log" 2>&1
}

suite() {
  npm test -- --json --outputFile="$work/jest.json"
  count_jest "$work/jest.json"
  [ -s "$work/jest.json" ]
}

# Alone: how soon something appears is told by a browser that has a core for itself.
page() {
  npm run test:page -- --runInBand --json --outputFile="$work/page.json"
  count_jest "$work/page.json"
  [ -s "$work/page.json" ]
}

# The plans of the lists with a million topics, alone: the suite looks at a few.
plans() {
  PLANS_GROUPS=10000 npm test -- test/api/plans.spec --json --outputFile="$work/plans.json"
  count_jest "$work/plans.json"
  [ -s "$work/plans.json" ]
}
