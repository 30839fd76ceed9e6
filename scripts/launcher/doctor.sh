# shellcheck shell=sh
# What only `claude-spread doctor` looks at: the settings of Claude Code, and what a shell can find
# out without a program, where Deno would need wide permissions. Sourced by permissions.sh.

# Allows reading what Claude Code keeps of plugins and hooks: for the user, this folder and the
# machine.
may_read_settings() {
  find_sessions
  may_read "$config/settings.json"
  may_read "$config/plugins/installed_plugins.json"
  if [ -d /System/Library/CoreServices ]; then
    may_read '/Library/Application Support/ClaudeCode'
  else
    may_read /etc/claude-code
  fi
  find_real . || return 0
  here=$real
  for name in settings settings.local; do
    # A project may come from somebody else: its links lead nowhere.
    is_narrow "./.claude/$name.json" && [ "$real" = "$here/.claude/$name.json" ] || continue
    may_read "./.claude/$name.json"
  done
}

# Tells the command what was found: a name and a value on each line.
tell_found() {
  export CLAUDE_SPREAD_FOUND=
  tell looked yes
  tell_folder state "$state"
  tell_folder usual "${usual:+$usual/claude-spread}"
  tell_folder written "$written"
  tell_client
  tell_multicast
  tell_firewalls
  tell_gone
}

tell() {
  case $2 in
  *"$newline"*) ;;
  *) CLAUDE_SPREAD_FOUND="$CLAUDE_SPREAD_FOUND$1 $2$newline" ;;
  esac
}

# Tells where a folder of ours really is, and whether it, or the folder that it will be made in,
# cannot be written to.
tell_folder() {
  [ -n "$2" ] && find_real "$2" || return 0
  tell "$1" "$real"
  while [ ! -e "$real" ] && [ -n "$real" ]; do real=${real%/*}; done
  [ -w "${real:-/}" ] || tell "$1-closed" "${real:-/}"
}

# Finds the client among the user's programs; its version is in a name or in a file beside it.
tell_client() {
  client=$(command -v claude) || return 0
  is_ours "$client" && find_real "$client" || return 0
  tell client "$client"
  tell client-real "$real"
  case $real in
  */@anthropic-ai/claude-code*/*)
    name=${real##*/@anthropic-ai/}
    package=${real%/@anthropic-ai/*}/@anthropic-ai/${name%%/*}/package.json
    tell client-package "$package"
    may_read "$package"
    ;;
  esac
}

# Counts the sockets of all programs on the port of multicast DNS, as Linux lists them.
tell_multicast() {
  [ -r /proc/net/udp ] || return 0
  count=0
  for table in /proc/net/udp /proc/net/udp6; do
    [ -r "$table" ] || continue
    while read -r slot address more; do
      case $slot$address$more in *:*:14E9*) count=$((count + 1)) ;; esac
    done <"$table"
  done
  tell multicast "$count"
}

# Finds firewalls that are switched on, as far as every user may know; their rules are root's.
tell_firewalls() {
  if [ -r /etc/ufw/ufw.conf ]; then
    while read -r line; do
      case $line in ENABLED=yes) tell firewall ufw ;; esac
    done </etc/ufw/ufw.conf
  fi
  for name in firewalld nftables; do
    for unit in /etc/systemd/system/*.target.wants/"$name.service"; do
      [ -L "$unit" ] || [ -e "$unit" ] || continue
      tell firewall "$name"
      break
    done
  done
}

# Finds notes on the first run (deno.sh) of copies of the plugin that are no longer there.
tell_gone() {
  [ -d "$state/deno" ] && [ ! -L "$state/deno" ] || return 0
  notes=$(command -p find "$state/deno" -type f -name ready 2>/dev/null) || return 0
  while read -r note; do
    note=${note#"$state/deno"}
    [ -z "$note" ] || [ -e "${note%/ready}/bin/claude-spread" ] || tell gone "${note%/ready}"
  done <<EOF
$notes
EOF
}
