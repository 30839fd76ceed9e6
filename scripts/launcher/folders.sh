# shellcheck shell=sh disable=SC2034 # The variables are for those who source it.
# Folders of the program, as in scripts/cli/surroundings.ts. Sourced by bin/claude-spread and by
# the hooks.

home=${HOME-}
# The specification of these variables says that a relative path counts for nothing.
case ${XDG_STATE_HOME-} in [!/]*) unset XDG_STATE_HOME ;; esac

if [ "${OS-}" = Windows_NT ]; then
  usual=${LOCALAPPDATA-}
  state=$usual
  downloads=${LOCALAPPDATA:+$LOCALAPPDATA/deno}
elif [ -d /System/Library/CoreServices ]; then
  usual=${home:+$home/Library/Application Support}
  state=${XDG_STATE_HOME:-$usual}
  downloads=${home:+$home/Library/Caches/deno}
else
  usual=${home:+$home/.local/state}
  state=${XDG_STATE_HOME:-$usual}
  # Unless XDG_CACHE_HOME says otherwise (paths.sh).
  downloads=${home:+$home/.cache/deno}
fi
state=${state:+$state/claude-spread}
# Folder in which Claude writes documents to share.
written=${home:+$home/.cache/claude-spread}

# Folder in which the hooks keep files of a session of Claude Code; empty outside one. It does not
# depend on XDG_STATE_HOME, so that Claude cannot choose it by setting that variable.
session=
case ${CLAUDE_CODE_SESSION_ID-} in
'' | *[!0-9A-Za-z-]* | -*) ;;
*)
  [ ${#CLAUDE_CODE_SESSION_ID} -gt 64 ] ||
    session=${usual:+$usual/claude-spread/claude/$CLAUDE_CODE_SESSION_ID}
  ;;
esac
