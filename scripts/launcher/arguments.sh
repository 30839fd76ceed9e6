# shellcheck shell=sh
# Reads a command line as scripts/cli/flags.ts does, for the files that it names. It is not a
# check: the command says what is wrong with its arguments. Sourced by bin/claude-spread.

# Values of options, by the access that they need (find_rule).
words=
project=
memory=
output=
file=
is_removed=
of_checkout=
of_relay=
of_clean=
of_sessions=
of_kind=

# Finds the command: two words or one. Everything else is explained by help.
find_command() {
  command="${1-} ${2-}"
  ! is_command "$command" || return 0
  command=${1-}
  is_command "$command" || command=help
  [ "$command" = relay ] || return 0
  # A check is a client of a relay, not part of one.
  for argument in "$@"; do
    case $argument in --check | --check=*) command='relay --check' ;; esac
  done
}

# Reads the options and the last operand, which is FILE.
read_arguments() {
  case $command in *' '[!-]*) shift ;; esac
  rule=
  is_ended=
  for argument in "$@"; do
    if is_value "$argument"; then
      use_value "$argument"
      continue
    fi
    case $is_ended$argument in
    --) is_ended=1 rule= ;;
    --*=*) find_rule "${argument%%=*}" && use_value "${argument#*=}" ;;
    -o?*)
      note_option -o
      argument=${argument#-o}
      argument=${argument#=}
      # After a mere -o= it may still follow.
      [ -z "$argument" ] || use_value "$argument"
      ;;
    -?*) note_option "$argument" ;;
    *) use_operand "$argument" ;;
    esac
  done
}

# Whether an argument is the value of the option before it.
is_value() {
  case $rule:$1 in
  :* | *:-?*) return 1 ;;
  address:[Ww][Ss]://* | address:[Ww][Ss][Ss]://*) ;;
  address:[Hh][Tt][Tt][Pp]://* | address:[Hh][Tt][Tt][Pp][Ss]://*) ;;
  address:*) return 1 ;;
  time:*[!0-9]*[mhd] | time:[mhd]) return 1 ;;
  time:*[mhd]) ;;
  time:*) return 1 ;;
  esac
}

use_value() {
  case $rule in
  read) words=$1 ;;
  project) project=$1 ;;
  memory) memory=$1 ;;
  folder) output=$1 ;;
  address) of_relay=1 ;;
  sessions) of_sessions=$1 ;;
  sessions=*) [ "$1" = "${rule#*=}" ] && of_kind=1 || of_kind= ;;
  esac
  rule=
}

# Notes an option; its value may follow, and an earlier one no longer counts.
note_option() {
  find_rule "$1"
  value_rule=$rule
  case $rule in
  removes) is_removed=1 value_rule= ;;
  checkout) of_checkout=checkout value_rule= ;;
  cleans) of_clean=1 value_rule= ;;
  esac
  use_value ''
  rule=$value_rule
}

# The command says that one file goes at a time, if an operand before the last is one.
use_operand() {
  rule=
  [ ! -e "$file" ] || [ "$operand" != read ] || may_read "$file"
  file=$1
}

# Finds the project of a skill's session, and the passphrase file that the line typed there may
# name: the hooks have kept both (scripts/skill/session.ts).
read_session() {
  [ -n "$session" ] || return 0
  { IFS= read -r project <"$session/project"; } 2>/dev/null || project=
  line=
  { IFS= read -r line <"$session/line.json"; } 2>/dev/null || :
  line=${line#*'"command_args":"'}
  case $line in --*) ;; *) return 0 ;; esac
  case $line in *--passphrase-file[\ =]*) ;; *) return 0 ;; esac
  value=${line#*--passphrase-file?}
  value=${value#"${value%%[! ]*}"}
  case $value in
  '\"'*) value=${value#??} && value=${value%%'\"'*} ;;
  \'*) value=${value#?} && value=${value%%\'*} ;;
  *) value=${value%%[\ \"\\]*} ;;
  esac
  case $value in '~/'*) value=$home/${value#??} ;; esac
  words=$value
}
