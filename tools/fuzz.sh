#!/bin/sh
# Runs every fuzz target of the module in the working directory, one after the other, for the time given as $1 each.
set -eu

status=0
pkgs=$(go list ./...)
for pkg in $pkgs; do
	listed=$(go test -list '^Fuzz' "$pkg")
	for target in $(echo "$listed" | grep '^Fuzz'); do
		echo "-- $pkg $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" "$pkg" || status=1
	done
done
exit $status
