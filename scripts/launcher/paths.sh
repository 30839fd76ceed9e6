# shellcheck shell=sh
# Paths as Deno takes them: with and without links, and apart from what a project brings.
# Sourced by bin/claude-spread.

# Sets `real` to a path without links; what does not exist stays as named. Starts a program only
# for a link. Fails when links lead in a circle.
find_real() {
  real=
  links=0
  case $1 in /*) rest=$1/ ;; *) rest=$PWD/$1/ ;; esac
  while [ -n "$rest" ]; do
    part=${rest%%/*}
    rest=${rest#*/}
    case $part in
    '' | .) ;;
    ..) real=${real%/*} ;;
    *)
      if [ -L "$real/$part" ]; then
        links=$((links + 1))
        [ "$links" -le 40 ] && target=$(read_link "$real/$part") || return 1
        case $target in /*) real= ;; esac
        rest=$target/$rest
      else
        real=$real/$part
      fi
      ;;
    esac
  done
  real=${real:-/}
}

# Deno ends a path at a comma and has no escape for it: for a path with a comma, the permission
# is for the folder before the comma.
before_comma() {
  path=$1
  case $path in
  *,*)
    path=${path%%,*}
    case $path in
    */*) path=${path%/*}/ ;;
    *) path=. ;;
    esac
    ;;
  esac
}

# The home without links: the root that git names, say, has none.
real_home=$home
[ -z "$home" ] || ! find_real "$home" || real_home=$real

# Whether a path is the home, or holds it.
holds_home() {
  case $home/ in "${1%/}"/*) return 0 ;; esac
  case $real_home/ in "${1%/}"/*) ;; *) return 1 ;; esac
}

# Whether a path that a project names can be allowed: it does not hold the home, and a comma widens
# the permission no further than one in the path of the home or of the project. Sets `real`.
is_narrow() {
  find_real "$1" || return 1
  for named in "$1" "$real"; do
    ! holds_home "$named" || return 1
    case $named in *,*) ;; *) continue ;; esac
    case $home/ in "${named%%,*},"*) continue ;; esac
    case ${around:-$PWD}/ in "${named%%,*},"*) ;; *) return 1 ;; esac
  done
}

reads=
writes=

# Allows reading or changing a path, as written and without links: Deno checks the one when a
# file is opened, and the other when it is locked or looked at later.
may_read() {
  find_paths "$1"
  reads=$reads$paths
}

may_change() {
  find_paths "$1"
  reads=$reads$paths
  writes=$writes$paths
}

find_paths() {
  paths=
  case $1 in '' | -) return 0 ;; esac
  before_comma "$1"
  paths=,$path
  find_real "$1" && [ "$links" -gt 0 ] || return 0
  before_comma "$real"
  paths=$paths,$path
}

# Allows changing the folder around a file, which need not exist yet.
may_change_around() {
  case $1 in
  '' | -) ;;
  /*/* | [!/]*/*) may_change "${1%/*}" ;;
  /*) may_change / ;;
  *) may_change . ;;
  esac
}

# --- What a project brings ---------------------------------------------------------------------

# Finds the project around the current folder. A folder that holds the user's home or the
# system's programs is not a project.
find_project() {
  around=$PWD
  while [ -n "$around" ] && [ ! -e "$around/.git" ]; do around=${around%/*}; done
  around=${around:-$PWD}
  find_real "$around" || real=$around
  for folder in "$home" "$real_home" /usr/local/bin; do
    case $folder/ in "${around%/}"/* | "${real%/}"/*) around= ;; esac
  done
  real_around=$real
}

# Whether a path is the user's or the system's, and not something that a project brings.
is_ours() {
  case $1/ in
  */node_modules/.bin/*) return 1 ;;
  /* | [A-Za-z]:*) ;;
  *) return 1 ;;
  esac
  [ -n "$around" ] || return 0
  case $1/ in "$around"/* | "$real_around"/*) return 1 ;; esac
}

# Whether a program came together with our npm package: one "node_modules" holds both.
came_along() {
  case ${root%/*} in */node_modules) ;; *) return 1 ;; esac
  case $1 in "${root%%/node_modules/*}"/node_modules/*) ;; *) return 1 ;; esac
}

# Whether a folder is the user's and holds nothing of others, or does not exist yet. It is not one
# where Claude may write, whatever the path looks like, nor part of a checkout: Claude can choose
# the current folder, and so which one is around it.
is_our_folder() {
  [ -n "$1" ] && is_ours "$1" && { [ -O "$1" ] || [ ! -e "$1" ]; } && ! is_of_others "$1"
}

# Whether a path is in a checkout, the project, the folder of the skills, or Claude Code's folder of
# settings and memory or that of temporary files.
is_of_others() {
  folder=$1
  case $1 in /*) find_real "$1" && folder=$real || return 0 ;; esac
  while [ -n "$folder" ] && ! holds_home "$folder"; do
    [ ! -e "$folder/.git" ] || return 0
    for place in "$written" "$around" "$real_home/.claude" "${CLAUDE_CONFIG_DIR-}"; do
      [ "$folder" != "$place" ] && [ ! "$folder" -ef "$place" ] || return 0
    done
    case ${folder##*[/\\]} in
    claude-*[!0-9]*) ;;
    # With the number of the user.
    claude-[0-9]*) return 0 ;;
    esac
    # Windows may name it with either kind of slash.
    case $folder in *[/\\]*) folder=${folder%[/\\]*} ;; *) folder= ;; esac
  done
  return 1
}

# Finds the folder of what Deno has downloaded, and takes away variables that lead it elsewhere.
find_downloads() {
  if is_our_folder "${DENO_DIR-}"; then
    downloads=$DENO_DIR
    return
  fi
  unset DENO_DIR
  if is_our_folder "${XDG_CACHE_HOME-}"; then
    # Other systems do not use it.
    case $downloads in "${home:+$home/.cache/deno}") downloads=$XDG_CACHE_HOME/deno ;; esac
  else
    unset XDG_CACHE_HOME
  fi
}

# Takes a project's folders out of PATH, for Deno, npx, node and git.
keep_our_programs() {
  programs=
  set -f
  IFS=:
  for folder in ${PATH-}; do
    ! is_ours "$folder" || programs=$programs${programs:+:}$folder
  done
  unset IFS
  set +f
  PATH=$programs
}
