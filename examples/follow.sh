#!/bin/sh
# The same with curl: the first page of topics, then every change. Needs nothing else.
#   MIRROR_URL=http://127.0.0.1:3000 MIRROR_KEY=… examples/follow.sh [SEQ]
set -eu
url=${MIRROR_URL:-http://127.0.0.1:3000}
get() { curl --silent --show-error --fail-with-body --header "Authorization: Bearer ${MIRROR_KEY:-}" "$@"; }

get "$url/topics?limit=100&sort=-updatedAt"
echo
# SEQ is the last change that you have seen. On 410 read the lists again, with the answer's latestSeq as minSeq, and go on after it.
get --no-buffer --header 'Accept: text/event-stream' "$url/changes?after=${1:-0}"
