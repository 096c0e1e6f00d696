#!/bin/sh
# Makes the namespace, sets its retention and registers the search attributes. Safe to run again.
# Reads TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and RETENTION from the environment.
set -eu

tries=60
until temporal operator cluster health >/dev/null 2>&1; do
    tries=$((tries - 1))
    if [ "$tries" -le 0 ]; then
        echo "Temporal at $TEMPORAL_ADDRESS does not answer" >&2
        exit 1
    fi
    sleep 1
done

if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
    temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
else
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION" \
        --description "Controlled deliveries. Code names only."
fi

# A new namespace reaches the server's cache a moment later.
attribute() {
    tries=30
    until temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$1" --type "$2"; do
        tries=$((tries - 1))
        if [ "$tries" -le 0 ]; then
            echo "Cannot register search attribute $1" >&2
            exit 1
        fi
        sleep 1
    done
}
attribute VigilParticipants KeywordList
attribute VigilBeside KeywordList
attribute VigilPhase Keyword
