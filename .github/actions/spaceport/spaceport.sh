#!/usr/bin/env bash
# The steps of the action, one function each. Everything comes from variables that action.yml sets;
# nothing of a pull request is ever a part of a command's text.
set -euo pipefail

# Whose comments are ours: the author that GITHUB_TOKEN writes as.
AUTHOR="${AUTHOR:-github-actions[bot]}"

fail() {
	printf '::error title=spaceport::%s\n' "$*" >&2
	exit 1
}

output() {
	printf '%s=%s\n' "$1" "$2" >>"${GITHUB_OUTPUT:-/dev/null}"
}

# The one comment of this project and environment in a pull request: the bot wrote it, and its first
# line is the marker. A person who writes the marker is not believed.
comments() {
	local marker=$1 number=$2
	MARKER=$marker AUTHOR=$AUTHOR gh api --paginate \
		"repos/$GITHUB_REPOSITORY/issues/$number/comments?per_page=100" \
		--jq '.[] | select(.user.login == env.AUTHOR and .user.type == "Bot") | select((.body | split("\n")[0] | rtrimstr("\r")) == env.MARKER) | .id'
}

install_release() {
	local target name folder
	[[ $VERSION =~ ^v?[0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "name the release to install with \`version\`, like 0.1.0"
	case "$(uname -s) $(uname -m)" in
	"Linux x86_64") target=x86_64-unknown-linux-musl ;;
	"Linux aarch64" | "Linux arm64") target=aarch64-unknown-linux-musl ;;
	"Darwin x86_64") target=x86_64-apple-darwin ;;
	"Darwin arm64") target=aarch64-apple-darwin ;;
	*) fail "this action installs no release on $(uname -s) $(uname -m)" ;;
	esac
	name="spaceport-$target.tar.gz"
	folder="${RUNNER_TEMP:?}/spaceport"
	mkdir -p "$folder"
	cd "$folder"
	for file in "$name" "$name.sha256"; do
		curl --fail --silent --show-error --location --retry 3 --remote-name \
			"${GITHUB_SERVER_URL:-https://github.com}/$ACTION_REPOSITORY/releases/download/v${VERSION#v}/$file"
	done
	if command -v sha256sum >/dev/null; then
		sha256sum --check --strict "$name.sha256"
	else
		shasum --algorithm 256 --check "$name.sha256"
	fi
	tar -xzf "$name" spaceport
	echo "$folder" >>"$GITHUB_PATH"
}

# With credentials, away from anybody's branch.
snapshot() {
	spaceport -C "$DIRECTORY" snapshot --out "$SNAPSHOT"
}

# Without credentials: the environment is emptied, so that a project file that lists variables under
# `env:` finds none, and the snapshot stands for both services.
plan() {
	local flags code=0
	read -ra flags <<<"${FLAGS:-}"
	env -i PATH="$PATH" ${SPACEPORT_ENVIRONMENT:+SPACEPORT_ENVIRONMENT="$SPACEPORT_ENVIRONMENT"} \
		spaceport -C "$DIRECTORY" plan --live "$SNAPSHOT" --out "$PLAN.json" --format markdown "${flags[@]}" >"$PLAN" || code=$?
	# 5 is a plan that guards refuse: reviewers want to see it, and the check is red.
	if [ "$code" != 0 ] && [ "$code" != 5 ]; then
		env -i PATH="$PATH" ${SPACEPORT_ENVIRONMENT:+SPACEPORT_ENVIRONMENT="$SPACEPORT_ENVIRONMENT"} \
			spaceport -C "$DIRECTORY" validate --format github || true
		fail "there is no plan (exit code $code)"
	fi
	output digest "$(digest_in "$PLAN")"
	return "$code"
}

# The digest stands in the second line of a plan's Markdown.
digest_in() {
	sed -n '2s/^<!-- digest: \([0-9a-f]\{64\}\) -->\r\{0,1\}$/\1/p' "$1"
}

# One comment for each project and environment, updated in place.
comment() {
	local marker size found
	[[ $PULL_REQUEST =~ ^[0-9]+$ ]] || fail "\`pull-request\` is no number"
	marker=$(head -n 1 "$PLAN")
	[[ $marker == '<!-- spaceport plan: '*' -->' ]] || fail "$PLAN is not the Markdown of a plan"
	size=$(wc -m <"$PLAN")
	[ "$size" -le 65536 ] || fail "$PLAN is longer than a comment may be"
	found=$(comments "$marker" "$PULL_REQUEST")
	if [ -n "$found" ]; then
		gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$(head -n 1 <<<"$found")" --field "body=@$PLAN"
		echo "updated the plan in #$PULL_REQUEST"
	else
		gh api --silent --method POST "repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments" --field "body=@$PLAN"
		echo "wrote the plan into #$PULL_REQUEST"
	fi
}

# The digest that was reviewed in the pull request that a commit came from. A fresh plan says how the
# comment of this project and environment begins.
digest() {
	local number code=0 found body
	number=$(gh api "repos/$GITHUB_REPOSITORY/commits/$GITHUB_SHA/pulls" --jq '[.[] | select(.merged_at != null)][0].number // empty')
	[ -n "$number" ] || fail "the commit $GITHUB_SHA came by no pull request: nobody has reviewed a plan of it"
	spaceport -C "$DIRECTORY" plan --format markdown >"$PLAN" || code=$?
	[ "$code" = 0 ] || [ "$code" = 5 ] || fail "there is no plan (exit code $code)"
	found=$(comments "$(head -n 1 "$PLAN")" "$number")
	[ -n "$found" ] || fail "#$number has no plan of this project and environment"
	body=$(mktemp)
	gh api "repos/$GITHUB_REPOSITORY/issues/comments/$(head -n 1 <<<"$found")" --jq .body >"$body"
	found=$(digest_in "$body")
	rm -f "$body"
	[ -n "$found" ] || fail "the plan in #$number has no digest"
	output digest "$found"
}

# With credentials, after the merge: only what was reviewed, and nothing when the world has moved.
apply() {
	local flags
	read -ra flags <<<"${FLAGS:-}"
	spaceport -C "$DIRECTORY" apply --yes ${DIGEST:+--expect "$DIGEST"} --format github "${flags[@]}"
}

case "${1:-}" in
install) install_release ;;
snapshot | plan | comment | digest | apply) "$1" ;;
*) fail "\`run\` is one of install, snapshot, plan, comment, digest, apply" ;;
esac
