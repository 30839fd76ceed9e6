# shellcheck shell=sh
# What Deno may do for a command: what the table says (commands.sh), and the files that the
# arguments name (arguments.sh). Sourced by bin/claude-spread.

# Sets Deno's flags: `read`, `write`, `net`, `run`, `sys`, `env`, and how it loads modules. Sessions
# take much computing: the engine keeps its helper threads.
grant() {
  lazy=
  [ -z "$of_sessions$of_kind" ] || { add_session_grants && engine=; }
  # The launcher also starts the process of a detached share.
  case $run:${OS-}:$root in
  *self:Windows_NT:*) run=${run%self}claude-spread.cmd PATH=$root/bin:$PATH ;;
  *self:*,*) run=${run%self}claude-spread PATH=$root/bin:$PATH ;;
  *self:*) run=${run%self}$root/bin/claude-spread ;;
  esac
  [ -z "$of_clean" ] || changes="$changes $cleans"
  case $net$of_relay${CLAUDE_SPREAD_RELAY-} in
  here) net=--allow-net=$here_hosts ;;
  here*) net=--allow-net ;;
  esac
  for place in $changes; do may_use may_change "$place"; done
  for place in $looks $of_checkout; do may_use may_read "$place"; done
  case " $looks $changes " in
  *' memory '* | *' project '* | *' session '*) ;;
  *) [ -z "$project" ] || may_read_project "$project" ;;
  esac
  may_read "$words"
  may_change_around "$output"
  case $operand$is_removed in
  read) may_read "$file" ;;
  read1) may_change "$file" ;;
  folder) may_change_around "$file" ;;
  esac
  read=${reads:+--allow-read=${reads#,}}
  write=${writes:+--allow-write=${writes#,}}
  # On Windows this shell and Deno write paths differently.
  [ "${OS-}" != Windows_NT ] || read=--allow-read write=--allow-write
}

# Allows access (by `$1`) to one of the places of the table.
may_use() {
  case $2 in
  session) [ -z "$session" ] || "$1" "$session" ;;
  shares | spool | partial) "$1" "$state/$2" ;;
  work) "$1" "$state/work" && may_read_worktrees ;;
  # The two differ when XDG_STATE_HOME is set.
  state) "$1" "$state" && "$1" "${usual:+$usual/claude-spread}" ;;
  settings | found) look_around "$2" ;;
  left) "$1" "$state/drops" ;;
  history) "$1" "$state/sessions" ;;
  pairs | notice) "$1" "$usual/claude-spread/$2" ;;
  written) "$1" "$written" ;;
  sessions) find_sessions && "$1" "$sessions" ;;
  memory) may_use_memory "$1" ;;
  project) may_read_project "${project:-.}" ;;
  checkout) may_read_checkout "${project:-.}" ;;
  secrets) may_read_secrets "${project:-.}" ;;
  # The user waits: the command loads rarely needed modules only when it needs them.
  plugin) may_read "$root" && lazy=--unstable-lazy-dynamic-imports ;;
  version) may_read "$root/deno.json" ;;
  null) may_read /dev/null ;;
  database) "$1" "${RELAY_KV_PATH-}" ;;
  drops) case ${RELAY_DROPS-} in folder:*) "$1" "${RELAY_DROPS#folder:}" ;; esac ;;
  esac
}

# Lets `doctor` look at what no other command needs.
look_around() {
  # shellcheck source=/dev/null
  . "$root/scripts/launcher/doctor.sh"
  case $1 in settings) may_read_settings ;; *) tell_found ;; esac
}

# --- Claude Code -------------------------------------------------------------------------------

# Allows reading a project's folder, its branch, and the main repository of a worktree: .git
# there or in a folder above, and the files it points to. A project may come from somebody else:
# its links lead to git's files only.
may_read_project() {
  may_read "$1"
  find_real "$1" || return 0
  while [ ! -e "$real/.git" ]; do
    [ -n "$real" ] || return 0
    real=${real%/*}
  done
  git=$real/.git
  is_narrow "$git" || return 0
  case $real in *.git | *.git/*) may_read "$git" ;; *) return 0 ;; esac
  [ -f "$git" ] || return 0
  link=
  IFS= read -r link <"$git" || :
  case $link in
  'gitdir: /'*) link=${link#gitdir: } ;;
  'gitdir: '*) link=${git%/.git}/${link#gitdir: } ;;
  *) return 0 ;;
  esac
  for name in HEAD commondir gitdir; do
    is_narrow "$link/$name" || continue
    case $real in *"/$name" | *.git/*) may_read "$link/$name" ;; esac
  done
}

# Allows reading the checkout around a project, unless that holds the home.
may_read_checkout() {
  find_real "$1" || return 0
  while [ ! -e "$real/.git" ]; do
    [ -n "$real" ] || return 0
    real=${real%/*}
  done
  checkout=$real
  ! is_narrow "$checkout" || may_read "$checkout"
}

# Allows reading the work trees in which received work was opened: sessions are installed for them.
# None of them holds the home, whatever the list says.
may_read_worktrees() {
  [ -f "$state/work/worktrees" ] || return 0
  while IFS= read -r worktree; do
    [ ! -d "$worktree" ] || ! is_narrow "$worktree" || may_read_project "$worktree"
  done 2>/dev/null <"$state/work/worktrees"
}

# Allows reading the files of a project that say what is secret, and lists them for the command,
# which may not look into the folder. The list of false alarms is listed even if it is not a file,
# so that the command can say so. Of more files than the command reads, one more is listed.
may_read_secrets() {
  export CLAUDE_SPREAD_ENV_FILES=
  count=0
  for secret in "$1"/.env "$1"/.env.* "$1"/.claude-spread.json; do
    case $secret in
    *"$newline"*) continue ;;
    */.claude-spread.json) [ -e "$secret" ] || [ -L "$secret" ] || continue ;;
    *) [ -f "$secret" ] && [ "$count" -le 100 ] || continue ;;
    esac
    count=$((count + 1))
    CLAUDE_SPREAD_ENV_FILES=$CLAUDE_SPREAD_ENV_FILES${secret##*/}$newline
    ! is_narrow "$secret" || may_read "$secret"
  done
}

# Finds Claude Code's folder of sessions and memory; a relative path is inside the project.
find_sessions() {
  config=${CLAUDE_CONFIG_DIR-${home:-${USERPROFILE-}}/.claude}
  case $config in /*) ;; *) config=${project:-.}/$config ;; esac
  sessions=$config/projects
}

# Allows access (by `$1`) to the memory of a project: the folder named, or Claude Code's and those
# that its variables, links and settings lead to.
may_use_memory() {
  export CLAUDE_SPREAD_REAL_PATHS=
  [ "$1" = may_read ] || may_change "$state/memory"
  may_read_project "${project:-.}"
  if [ -n "$memory" ]; then
    may_use_folder "$1" "$memory"
    return
  fi
  find_sessions
  tell_real "$home"
  tell_real "$config"
  may_use_folder "$1" "$sessions"
  for link in "$sessions"/* "$sessions"/*/memory; do
    [ ! -L "$link" ] || "$1" "$link"
  done
  may_use_folder "$1" "${CLAUDE_COWORK_MEMORY_PATH_OVERRIDE-}"
  may_use_folder "$1" "${CLAUDE_CODE_REMOTE_MEMORY_DIR:+$CLAUDE_CODE_REMOTE_MEMORY_DIR/projects}"
  may_read "$config/settings.json"
  for place in "${project:-.}/.claude/settings.local" "${project:-.}/.claude/settings" \
    "$config/settings"; do
    may_use_setting "$1" "$place.json"
  done
}

# Whether `real` is below the root of the project's checkout; where that holds the home, below the
# project's folder.
is_in_project() {
  named=$real
  find_real "${project:-.}" || return 1
  own=$real
  while [ -n "$own" ] && [ ! -e "$own/.git" ]; do own=${own%/*}; done
  below=$real
  ! holds_home "$own" || own=
  case $named in "${own:-$below}"/*) ;; *) return 1 ;; esac
}

may_use_folder() {
  "$1" "$2"
  [ -z "$2" ] || tell_real "$2"
}

# Tells the command the real path of a folder that is missing or that Deno does not let it look at:
# it refuses memory that a project's settings or links lead astray.
tell_real() {
  find_real "$1" || return 0
  case $1$real in
  *"$newline"*) ;;
  *) CLAUDE_SPREAD_REAL_PATHS=$CLAUDE_SPREAD_REAL_PATHS$1$newline$real$newline ;;
  esac
}

# Allows access to the folder that a settings file names; a project's may name only its own. Where
# JSON has it on a line of its own or with a backslash it is not found; the command then asks for
# --memory.
may_use_setting() {
  [ -f "$2" ] || return 0
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in *'"autoMemoryDirectory"'*) ;; *) continue ;; esac
    line=${line#*'"autoMemoryDirectory"'}
    line=${line#"${line%%[! 	:]*}"}
    case $line in '"'*'"'*) line=${line#'"'} ;; *) continue ;; esac
    line=${line%%'"'*}
    line=${line%/}
    case $line in
    *'\'*) continue ;;
    '~/'?*) line=$home/${line#??} ;;
    /?*) ;;
    *) continue ;;
    esac
    if [ "$2" = "$config/settings.json" ] || { is_narrow "$line" && is_in_project; }; then
      may_use_folder "$1" "$line"
    else
      tell_real "$line"
    fi
  done 2>/dev/null <"$2"
}
