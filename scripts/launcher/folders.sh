# shellcheck shell=sh disable=SC2034 # The variables are for those who source it.
# Folders of the program, as in scripts/cli/surroundings.ts. Sourced by bin/claude-spread and by
# the hooks.

home=${HOME-}
# The specification of these variables says that a relative path counts for nothing.
case ${XDG_STATE_HOME-} in [!/]*) unset XDG_STATE_HOME ;; esac

if [ "${OS-}" = Windows_NT ]; then
  state=${LOCALAPPDATA-}
  downloads=${LOCALAPPDATA:+$LOCALAPPDATA/deno}
elif [ -d /System/Library/CoreServices ]; then
  state=${XDG_STATE_HOME:-${home:+$home/Library/Application Support}}
  downloads=${home:+$home/Library/Caches/deno}
else
  state=${XDG_STATE_HOME:-${home:+$home/.local/state}}
  downloads=${XDG_CACHE_HOME:-${home:+$home/.cache}}
  downloads=${downloads:+$downloads/deno}
fi
state=${state:+$state/claude-spread}
# Folder in which Claude writes documents to share.
written=${home:+$home/.cache/claude-spread}

# Folder of what the hooks keep of a session of Claude Code; empty outside one.
session=
case ${CLAUDE_CODE_SESSION_ID-} in
'' | *[!0-9A-Za-z-]* | -*) ;;
*)
  [ ${#CLAUDE_CODE_SESSION_ID} -gt 64 ] ||
    session=${state:+$state/claude/$CLAUDE_CODE_SESSION_ID}
  ;;
esac
