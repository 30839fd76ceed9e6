# shellcheck shell=sh disable=SC2034 # The variables are for permissions.sh.
# The table of commands, made by `deno task launcher` from scripts/cli/commands.ts: change that.

state_names=HOME,LOCALAPPDATA,XDG_STATE_HOME
screen_names=NO_COLOR,FORCE_COLOR,TERM,TMUX
session_names=CLAUDE_CODE_SESSION_ID
client_names=CLAUDE_CODE_ENTRYPOINT
relay_names=CLAUDE_SPREAD_RELAY,HTTPS_PROXY,HTTP_PROXY,ALL_PROXY,NO_PROXY,https_proxy,http_proxy,all_proxy,no_proxy
passphrase_names=CLAUDE_SPREAD_PASSPHRASE
person_names=USER,USERNAME
claude_names=USERPROFILE,AI_AGENT,CLAUDE_CONFIG_DIR,CLAUDE_CODE_PROJECT_DIR_NAME,CLAUDE_CODE_REMOTE_MEMORY_DIR,CLAUDE_COWORK_MEMORY_PATH_OVERRIDE,CLAUDE_CODE_DISABLE_AUTO_MEMORY,CLAUDE_CODE_SIMPLE
paths_names=CLAUDE_SPREAD_REAL_PATHS
secrets_names=CLAUDE_SPREAD_ENV_FILES
found_names=CLAUDE_SPREAD_FOUND
server_names=RELAY_*,DENO_DEPLOYMENT_ID,DENO_SERVE_ADDRESS,WS_NO_*
here_hosts=0.0.0.0,127.0.0.1,224.0.0.1,224.0.0.251,[::],[ff02::fb]

# Whether `$1` is a command.
is_command() {
  case $1 in
  serve | receive | status | stop | pair | pairs | waiting | forget | bundle | \
    install | 'sessions list' | 'sessions export' | 'sessions install' | \
    'sessions undo' | 'work list' | 'work show' | 'work open' | 'work undo' | \
    'work save' | 'skill distill-share' | 'skill distill-receive' | \
    'skill memory-share' | 'skill memory-receive' | 'skill sessions-share' | \
    'skill sessions-receive' | 'skill work' | 'skill pair' | 'skill status' | \
    'skill stop' | relay | 'relay --check' | doctor | completion | help) ;;
  *) return 1 ;;
  esac
}

# Sets `rule` to what the value of option `$1` is, or to what the option itself does.
find_rule() {
  rule=
  case $command:$1 in
  serve:--keep-open | serve:--to | serve:--include | serve:--port | \
    serve:--interface | receive:--from | receive:--timeout | receive:--room | \
    receive:--interface | pair:--name | pair:--interface | bundle:--only | \
    bundle:--except | install:--on-conflict | 'sessions list:--limit' | \
    'work open:--id' | 'work save:--id' | doctor:--interface) rule=text ;;
  serve:--leave) rule=time ;;
  serve:--relay | receive:--relay | pair:--relay | 'relay --check:--check' | \
    doctor:--relay) rule=address ;;
  serve:--passphrase-file | receive:--passphrase-file) rule=read ;;
  serve:--kind | receive:--kind) rule=sessions=session ;;
  serve:--session | receive:--pick) rule=sessions ;;
  serve:--project | receive:--project | bundle:--project | install:--project | \
    'sessions list:--project' | 'sessions export:--project' | \
    'sessions install:--project' | 'work show:--project' | 'work open:--project') rule=project ;;
  serve:--with-work) rule=checkout ;;
  serve:--remove-file | install:--discard | install:--remove-file) rule=removes ;;
  receive:--output | receive:-o | bundle:--output | bundle:-o) rule=folder ;;
  bundle:--memory | install:--memory) rule=memory ;;
  doctor:--clean) rule=cleans ;;
  esac
}

# Sets what a command runs, what its last operand is, and what it may do.
find_grants() {
  operand= net= run= sys= env= looks= changes= cleans= engine=--v8-flags=--single-threaded
  case $command in
  serve)
    script=scripts/serve.ts
    operand=read
    net=--allow-net
    run=git,self
    sys=networkInterfaces,uid,hostname
    env=$state_names,$screen_names,$passphrase_names,$relay_names,$session_names,$person_names,$secrets_names
    looks=secrets
    changes="shares left spool written pairs"
    ;;
  receive)
    script=scripts/receive.ts
    net=--allow-net
    run=git
    sys=networkInterfaces,uid,hostname
    env=$state_names,$screen_names,$passphrase_names,$relay_names,$session_names
    looks="plugin pairs"
    changes="partial notice work"
    ;;
  status)
    script=scripts/status.ts
    net=--allow-net
    env=$state_names,$screen_names,$relay_names
    changes="shares left"
    ;;
  stop)
    script=scripts/stop.ts
    net=--allow-net
    sys=uid
    env=$state_names,$screen_names,$relay_names,$session_names
    changes="shares left"
    ;;
  pair)
    script=scripts/pair.ts
    net=--allow-net
    run=self
    sys=networkInterfaces,uid,hostname
    env=$state_names,$screen_names,$relay_names
    changes="pairs shares notice"
    ;;
  pairs)
    script=scripts/pairs.ts
    sys=hostname
    env=$state_names,$screen_names
    looks=pairs
    ;;
  waiting)
    script=scripts/waiting.ts
    net=--allow-net
    sys=networkInterfaces,hostname
    env=$state_names,$screen_names,$relay_names
    looks=pairs
    changes=notice
    ;;
  forget)
    script=scripts/forget.ts
    env=$state_names,$screen_names
    changes=pairs
    ;;
  bundle)
    script=skills/memory-share/scripts/bundle.ts
    operand=folder
    sys=uid,hostname
    env=$state_names,$screen_names,$claude_names,$paths_names,$person_names,$session_names
    looks=memory
    ;;
  install)
    script=skills/memory-receive/scripts/install.ts
    operand=read
    env=$state_names,$screen_names,$claude_names,$paths_names
    changes=memory
    ;;
  'sessions list' | 'sessions undo')
    script=scripts/sessions.ts
    sys=uid
    env=$state_names,$screen_names,$claude_names,$session_names
    looks=project
    changes="history sessions"
    engine=
    ;;
  'sessions export')
    script=scripts/sessions.ts
    operand=folder
    sys=uid
    env=$state_names,$screen_names,$claude_names,$session_names,$person_names
    looks=project
    changes="history sessions"
    engine=
    ;;
  'sessions install')
    script=scripts/sessions.ts
    operand=read
    sys=uid
    env=$state_names,$screen_names,$claude_names,$session_names
    looks=project
    changes="history sessions"
    engine=
    ;;
  'work list')
    script=scripts/work/command.ts
    env=$state_names,$screen_names
    changes=work
    ;;
  'work show' | 'work open' | 'work undo')
    script=scripts/work/command.ts
    run=git
    env=$state_names,$screen_names
    looks=project
    changes=work
    ;;
  'work save')
    script=scripts/work/command.ts
    operand=folder
    env=$state_names,$screen_names
    changes=work
    ;;
  'skill distill-share')
    script=scripts/skill.ts
    net=--allow-net
    run=git,self
    sys=networkInterfaces,uid,hostname
    env=$state_names,$screen_names,$passphrase_names,$relay_names,$session_names,$client_names,$person_names
    looks="project checkout"
    changes="session shares left spool written pairs"
    ;;
  'skill distill-receive')
    script=scripts/skill.ts
    net=--allow-net
    run=git
    sys=networkInterfaces,uid,hostname
    env=$state_names,$screen_names,$passphrase_names,$relay_names,$session_names,$client_names
    looks="plugin project pairs"
    changes="session partial written notice work"
    ;;
  'skill memory-share')
    script=scripts/skill.ts
    net=--allow-net
    run=git,self
    sys=networkInterfaces,uid,hostname
    env=$state_names,$screen_names,$passphrase_names,$relay_names,$session_names,$client_names,$person_names,$claude_names,$paths_names
    looks=memory
    changes="session shares left spool written pairs"
    ;;
  'skill memory-receive')
    script=scripts/skill.ts
    net=--allow-net
    run=git
    sys=networkInterfaces,uid,hostname
    env=$state_names,$screen_names,$passphrase_names,$relay_names,$session_names,$client_names,$claude_names,$paths_names
    looks="plugin pairs"
    changes="session partial written notice work memory"
    ;;
  'skill sessions-share')
    script=scripts/skill.ts
    net=--allow-net
    run=git,self
    sys=networkInterfaces,uid,hostname
    env=$state_names,$screen_names,$passphrase_names,$relay_names,$session_names,$client_names,$person_names,$claude_names
    looks="project checkout"
    changes="session shares left spool written pairs history sessions"
    engine=
    ;;
  'skill sessions-receive')
    script=scripts/skill.ts
    net=--allow-net
    run=git
    sys=networkInterfaces,uid,hostname
    env=$state_names,$screen_names,$passphrase_names,$relay_names,$session_names,$client_names,$claude_names
    looks="plugin project pairs"
    changes="session partial written notice work history sessions"
    ;;
  'skill work')
    script=scripts/skill.ts
    run=git
    sys=uid
    env=$state_names,$screen_names,$session_names,$client_names
    looks=project
    changes="session work"
    ;;
  'skill pair')
    script=scripts/skill.ts
    net=--allow-net
    run=self
    sys=networkInterfaces,uid,hostname
    env=$state_names,$screen_names,$relay_names,$session_names,$client_names
    changes="session shares pairs notice"
    ;;
  'skill status')
    script=scripts/skill.ts
    net=--allow-net
    sys=uid
    env=$state_names,$screen_names,$relay_names,$session_names,$client_names
    changes="session shares left"
    ;;
  'skill stop')
    script=scripts/skill.ts
    net=--allow-net
    sys=uid
    env=$state_names,$screen_names,$relay_names,$session_names,$client_names
    changes="session shares left written"
    ;;
  relay)
    script=relay/main.ts
    net=--allow-net
    sys=osRelease
    env=$server_names,$screen_names
    looks="version null"
    changes="database drops"
    engine=--v8-flags=--max-semi-space-size=4
    ;;
  'relay --check')
    script=scripts/relay_check.ts
    net=--allow-net
    env=$relay_names,$screen_names
    ;;
  doctor)
    script=scripts/doctor/command.ts
    net=here
    sys=networkInterfaces,uid,statfs
    env=$state_names,$screen_names,$claude_names,$relay_names,$found_names
    looks="state written settings found"
    cleans="state written"
    ;;
  completion)
    script=scripts/completion.ts
    env=$screen_names
    ;;
  help)
    script=scripts/help.ts
    env=$screen_names
    ;;
  esac
}

# Adds what a command may do when sessions are shared or received.
add_session_grants() {
  case $command in
  serve)
    env=$env,$claude_names
    looks="$looks project sessions"
    ;;
  receive)
    env=$env,$claude_names
    looks="$looks project"
    changes="$changes history sessions"
    ;;
  esac
}
