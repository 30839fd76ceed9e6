# shellcheck shell=sh
# The first run: finds Deno, or has npx get it, and has it download the modules that deno.lock
# pins. Sets `program`, and notes it in the state folder. Sourced by bin/claude-spread.
#
# tools/npm.ts takes the version of Deno from here.

deno_version=2.9.6

is_new_enough() {
  # shellcheck disable=SC2046 # "deno 2.9.6 (…)" is to be split.
  set -- $("$1" --version 2>/dev/null </dev/null || :)
  major=${2-}
  minor=${major#*.}
  major=${major%%.*}
  minor=${minor%%.*}
  case $major:$minor in :* | *: | *[!0-9:]*) return 1 ;; esac
  [ "$major" -gt 2 ] || { [ "$major" -eq 2 ] && [ "$minor" -ge 9 ]; }
}

# Finds the Deno that npm installed together with our package: the package "deno" is in our
# "node_modules" or beside us, and its package for this platform is in or beside that. What lies
# there is as trusted as this launcher; neither a variable nor PATH leads there.
find_own_deno() {
  case ${root%/*} in */node_modules) ;; *) return 1 ;; esac
  for folder in "$root/node_modules" "${root%/*}"; do
    [ -d "$folder/deno" ] && find_real "$folder/deno" || continue
    for program in "$real"/node_modules/@deno/*/deno "${real%/*}"/@deno/*/deno; do
      [ ! -x "$program" ] || ! is_new_enough "$program" || return 0
    done
  done
  return 1
}

find_deno() {
  ! find_own_deno || return 0
  old=
  for program in "$(command -v deno || :)" "${DENO_INSTALL:-$home/.deno}/bin/deno"; do
    is_ours "$program" && [ -x "$program" ] || continue
    ! is_new_enough "$program" || return 0
    old=$program
  done
  if ! command -v npx >/dev/null 2>&1; then
    give_up 127 "cannot find Deno 2.9 or newer${old:+ (\"$old\" is older)}: install Deno (https://deno.com) or Node (https://nodejs.org)"
  fi
  # By default npm would retry for more than a minute without a network.
  export npm_config_fetch_retry_mintimeout=1000 npm_config_fetch_retry_maxtimeout=3000
  # Not from the project's folder: npx would run the "deno" in its node_modules, or download it
  # from the registry in its .npmrc.
  said=$(cd "$root" &&
    npx --yes "deno@$deno_version" eval 'console.log(`deno=${Deno.execPath()}`)' 2>&1 </dev/null) ||
    cannot_download
  program=${said#*deno=}
  program=${program%%"$newline"*}
}

# Downloads the modules of all sub-commands on the first run.
prepare() {
  find_deno
  said=$(NO_COLOR=1 "$program" cache --quiet --config "$root/deno.json" "$root"/scripts/[a-z]*.ts \
    2>&1 </dev/null) ||
    cannot_download
  # If the file cannot be written, the next run looks for Deno again.
  [ -z "$ready" ] || (
    umask 077
    rm -f "$ready"
    mkdir -p "${ready%/*}" && printf '%s\n' "$program" "$downloads" >"$ready"
  ) 2>/dev/null || :
}

cannot_download() {
  if [ -n "$downloads" ] && ! { mkdir -p "$downloads" && [ -w "$downloads" ]; } 2>/dev/null; then
    give_up 6 "cannot store Deno and its modules in \"$downloads\": check the folder and its permissions"
  fi
  reason=${said%%'Stack backtrace'*}
  case $reason in
  *' 0: '*) reason=${reason#*' 0: '} ;;
  *'npm error '*) reason=${reason#*'npm error '} ;;
  *'npm ERR! '*) reason=${reason#*'npm ERR! '} ;;
  *'error: '*) reason=${reason#*'error: '} ;;
  esac
  give_up 5 "cannot download Deno or its modules (needed once): ${reason%%"$newline"*}"
}

give_up() {
  echo "claude-spread: $2" >&2
  exit "$1"
}

prepare
