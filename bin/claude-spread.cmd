@echo off
rem claude-spread for cmd and PowerShell: runs a command with only the permissions that it needs,
rem as bin/claude-spread does. It does not look at arguments: files may be read and written
rem anywhere. Exit codes: those of the command; 127 without Deno and Node.
setlocal DisableDelayedExpansion EnableExtensions
set "DENO_NO_UPDATE_CHECK=1"
set "DENO_NO_PACKAGE_JSON=1"
rem Another process would grant permissions, or learn of each.
set "DENO_PERMISSION_BROKER_PATH="
set "DENO_AUDIT_PERMISSIONS="
rem Deno would run modules that NODE_OPTIONS names, write files, or report to a host.
for %%I in (NODE_OPTIONS DENO_V8_FLAGS DENO_COMPAT DENO_CONDITIONS) do set "%%I="
for %%I in (DENO_COVERAGE_DIR NODE_V8_COVERAGE OTEL_DENO) do set "%%I="
rem A hook of git has these, which lead git to another repository or index than that of the project.
for %%I in (GIT_DIR GIT_WORK_TREE GIT_COMMON_DIR GIT_INDEX_FILE GIT_OBJECT_DIRECTORY) do set "%%I="
for %%I in (GIT_CONFIG GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_NAMESPACE GIT_PREFIX) do set "%%I="
for %%I in (GIT_SHALLOW_FILE GIT_GRAFT_FILE GIT_REPLACE_REF_BASE) do set "%%I="
rem With these one can write messages to the Claude Code session around; a share outlives it.
for %%I in (CLAUDE_CODE_MESSAGING_SOCKET CLAUDE_CODE_MESSAGING_TOKEN) do set "%%I="
rem What the launcher for sh tells a command: a project could say it here.
for %%I in (FOUND REAL_PATHS ENV_FILES) do set "CLAUDE_SPREAD_%%I="
rem Programs of the current folder do not count.
set "NoDefaultCurrentDirectoryInExePath=1"
for %%I in ("%~dp0..") do set "root=%%~fI"

set "programs=--deny-run"
rem --- Made by deno task launcher from scripts/cli/commands.ts
set "engine=--v8-flags=--single-threaded"
set "may=--allow-env=NO_COLOR,FORCE_COLOR,TERM,TMUX"
if "%~1"=="serve" set "may=--allow-net --allow-sys=networkInterfaces,uid,hostname --allow-env=HOME,LOCALAPPDATA,XDG_STATE_HOME,NO_COLOR,FORCE_COLOR,TERM,TMUX,CLAUDE_SPREAD_PASSPHRASE,CLAUDE_SPREAD_RELAY,HTTPS_PROXY,HTTP_PROXY,ALL_PROXY,NO_PROXY,https_proxy,http_proxy,all_proxy,no_proxy,CLAUDE_CODE_SESSION_ID,USER,USERNAME,CLAUDE_SPREAD_ENV_FILES,USERPROFILE,AI_AGENT,CLAUDE_CONFIG_DIR,CLAUDE_CODE_PROJECT_DIR_NAME,CLAUDE_CODE_REMOTE_MEMORY_DIR,CLAUDE_COWORK_MEMORY_PATH_OVERRIDE,CLAUDE_CODE_DISABLE_AUTO_MEMORY,CLAUDE_CODE_SIMPLE"
if "%~1"=="serve" set "programs=--allow-run=git,%~f0"
if "%~1"=="receive" set "may=--allow-net --allow-sys=networkInterfaces,uid,hostname --allow-env=HOME,LOCALAPPDATA,XDG_STATE_HOME,NO_COLOR,FORCE_COLOR,TERM,TMUX,CLAUDE_SPREAD_PASSPHRASE,CLAUDE_SPREAD_RELAY,HTTPS_PROXY,HTTP_PROXY,ALL_PROXY,NO_PROXY,https_proxy,http_proxy,all_proxy,no_proxy,CLAUDE_CODE_SESSION_ID,USERPROFILE,AI_AGENT,CLAUDE_CONFIG_DIR,CLAUDE_CODE_PROJECT_DIR_NAME,CLAUDE_CODE_REMOTE_MEMORY_DIR,CLAUDE_COWORK_MEMORY_PATH_OVERRIDE,CLAUDE_CODE_DISABLE_AUTO_MEMORY,CLAUDE_CODE_SIMPLE"
if "%~1"=="receive" set "programs=--allow-run=git"
if "%~1"=="status" set "may=--allow-net --allow-env=HOME,LOCALAPPDATA,XDG_STATE_HOME,NO_COLOR,FORCE_COLOR,TERM,TMUX,CLAUDE_SPREAD_RELAY,HTTPS_PROXY,HTTP_PROXY,ALL_PROXY,NO_PROXY,https_proxy,http_proxy,all_proxy,no_proxy"
if "%~1"=="stop" set "may=--allow-net --allow-sys=uid --allow-env=HOME,LOCALAPPDATA,XDG_STATE_HOME,NO_COLOR,FORCE_COLOR,TERM,TMUX,CLAUDE_SPREAD_RELAY,HTTPS_PROXY,HTTP_PROXY,ALL_PROXY,NO_PROXY,https_proxy,http_proxy,all_proxy,no_proxy,CLAUDE_CODE_SESSION_ID"
if "%~1"=="pair" set "may=--allow-net --allow-sys=networkInterfaces,uid,hostname --allow-env=HOME,LOCALAPPDATA,XDG_STATE_HOME,NO_COLOR,FORCE_COLOR,TERM,TMUX,CLAUDE_SPREAD_RELAY,HTTPS_PROXY,HTTP_PROXY,ALL_PROXY,NO_PROXY,https_proxy,http_proxy,all_proxy,no_proxy"
if "%~1"=="pair" set "programs=--allow-run=%~f0"
if "%~1"=="pairs" set "may=--allow-sys=hostname --allow-env=HOME,LOCALAPPDATA,XDG_STATE_HOME,NO_COLOR,FORCE_COLOR,TERM,TMUX"
if "%~1"=="waiting" set "may=--allow-net --allow-sys=networkInterfaces,hostname --allow-env=HOME,LOCALAPPDATA,XDG_STATE_HOME,NO_COLOR,FORCE_COLOR,TERM,TMUX,CLAUDE_SPREAD_RELAY,HTTPS_PROXY,HTTP_PROXY,ALL_PROXY,NO_PROXY,https_proxy,http_proxy,all_proxy,no_proxy"
if "%~1"=="forget" set "may=--allow-env=HOME,LOCALAPPDATA,XDG_STATE_HOME,NO_COLOR,FORCE_COLOR,TERM,TMUX"
if "%~1"=="bundle" set "may=--allow-sys=uid,hostname --allow-env=HOME,LOCALAPPDATA,XDG_STATE_HOME,NO_COLOR,FORCE_COLOR,TERM,TMUX,USERPROFILE,AI_AGENT,CLAUDE_CONFIG_DIR,CLAUDE_CODE_PROJECT_DIR_NAME,CLAUDE_CODE_REMOTE_MEMORY_DIR,CLAUDE_COWORK_MEMORY_PATH_OVERRIDE,CLAUDE_CODE_DISABLE_AUTO_MEMORY,CLAUDE_CODE_SIMPLE,CLAUDE_SPREAD_REAL_PATHS,USER,USERNAME,CLAUDE_CODE_SESSION_ID"
if "%~1"=="install" set "may=--allow-env=HOME,LOCALAPPDATA,XDG_STATE_HOME,NO_COLOR,FORCE_COLOR,TERM,TMUX,USERPROFILE,AI_AGENT,CLAUDE_CONFIG_DIR,CLAUDE_CODE_PROJECT_DIR_NAME,CLAUDE_CODE_REMOTE_MEMORY_DIR,CLAUDE_COWORK_MEMORY_PATH_OVERRIDE,CLAUDE_CODE_DISABLE_AUTO_MEMORY,CLAUDE_CODE_SIMPLE,CLAUDE_SPREAD_REAL_PATHS"
if "%~1"=="sessions" set "may=--allow-sys=uid --allow-env=HOME,LOCALAPPDATA,XDG_STATE_HOME,NO_COLOR,FORCE_COLOR,TERM,TMUX,USERPROFILE,AI_AGENT,CLAUDE_CONFIG_DIR,CLAUDE_CODE_PROJECT_DIR_NAME,CLAUDE_CODE_REMOTE_MEMORY_DIR,CLAUDE_COWORK_MEMORY_PATH_OVERRIDE,CLAUDE_CODE_DISABLE_AUTO_MEMORY,CLAUDE_CODE_SIMPLE,CLAUDE_CODE_SESSION_ID,USER,USERNAME"
if "%~1"=="sessions" set "engine="
if "%~1"=="work" set "may=--allow-env=HOME,LOCALAPPDATA,XDG_STATE_HOME,NO_COLOR,FORCE_COLOR,TERM,TMUX"
if "%~1"=="work" set "programs=--allow-run=git"
if "%~1"=="skill" set "may=--allow-net --allow-sys=networkInterfaces,uid,hostname --allow-env=HOME,LOCALAPPDATA,XDG_STATE_HOME,NO_COLOR,FORCE_COLOR,TERM,TMUX,CLAUDE_SPREAD_PASSPHRASE,CLAUDE_SPREAD_RELAY,HTTPS_PROXY,HTTP_PROXY,ALL_PROXY,NO_PROXY,https_proxy,http_proxy,all_proxy,no_proxy,CLAUDE_CODE_SESSION_ID,CLAUDE_CODE_ENTRYPOINT,USER,USERNAME,USERPROFILE,AI_AGENT,CLAUDE_CONFIG_DIR,CLAUDE_CODE_PROJECT_DIR_NAME,CLAUDE_CODE_REMOTE_MEMORY_DIR,CLAUDE_COWORK_MEMORY_PATH_OVERRIDE,CLAUDE_CODE_DISABLE_AUTO_MEMORY,CLAUDE_CODE_SIMPLE,CLAUDE_SPREAD_REAL_PATHS"
if "%~1"=="skill" set "programs=--allow-run=git,%~f0"
if "%~1"=="skill" set "engine="
if "%~1"=="relay" set "may=--allow-net --allow-sys=osRelease --allow-env=RELAY_*,DENO_DEPLOYMENT_ID,DENO_SERVE_ADDRESS,WS_NO_*,NO_COLOR,FORCE_COLOR,TERM,TMUX,CLAUDE_SPREAD_RELAY,HTTPS_PROXY,HTTP_PROXY,ALL_PROXY,NO_PROXY,https_proxy,http_proxy,all_proxy,no_proxy"
if "%~1"=="relay" set "engine=--v8-flags=--max-semi-space-size=4"
if "%~1"=="doctor" set "may=--allow-net --allow-sys=networkInterfaces,uid,statfs --allow-env=HOME,LOCALAPPDATA,XDG_STATE_HOME,NO_COLOR,FORCE_COLOR,TERM,TMUX,USERPROFILE,AI_AGENT,CLAUDE_CONFIG_DIR,CLAUDE_CODE_PROJECT_DIR_NAME,CLAUDE_CODE_REMOTE_MEMORY_DIR,CLAUDE_COWORK_MEMORY_PATH_OVERRIDE,CLAUDE_CODE_DISABLE_AUTO_MEMORY,CLAUDE_CODE_SIMPLE,CLAUDE_SPREAD_RELAY,HTTPS_PROXY,HTTP_PROXY,ALL_PROXY,NO_PROXY,https_proxy,http_proxy,all_proxy,no_proxy,CLAUDE_SPREAD_FOUND"
if "%~1"=="completion" set "may=--allow-env=NO_COLOR,FORCE_COLOR,TERM,TMUX"
rem --- End of what is made

set "deno="
rem The Deno that npm installed together with our package is as trusted as this file.
for %%I in ("%root%\..") do if /i "%%~nxI"=="node_modules" for %%F in ("%root%\node_modules" "%%~fI") do if not defined deno call :look_along "%%~F"
for %%I in ("%PATH:;=" "%") do if not defined deno call :look "%%~I"
if not defined deno call :look "%USERPROFILE%\.deno\bin"
if not defined deno call :ask_npx
if not defined deno goto :missing
"%deno%" run --quiet --no-prompt %engine% --config "%root%\deno.json" --allow-read --allow-write %may% "%programs%" "%root%\scripts\claude_spread.ts" %*
exit /b %errorlevel%

:missing
echo claude-spread: cannot find Deno 2.9 or newer: install Deno (https://deno.com) or Node (https://nodejs.org)>&2
exit /b 127

rem Takes the Deno of a folder, if it is new enough and not brought by a project.
:look
set "folder=%~f1\"
if /i not "%folder%"=="%folder:\node_modules\=%" exit /b
if not "%~1"=="%~f1" if not "%~1"=="%~f1\" exit /b

rem Takes the Deno of a folder, if it is new enough.
:check
if not exist "%~1\deno.exe" exit /b
set "version="
for /f "tokens=1,2" %%A in ('""%~1\deno.exe" --version"') do if "%%A"=="deno" set "version=%%B"
for /f "tokens=1,2 delims=." %%A in ("%version%") do (
  if %%A gtr 2 set "deno=%~1\deno.exe"
  if %%A equ 2 if %%B geq 9 set "deno=%~1\deno.exe"
)
exit /b

rem Takes the Deno for this platform that is in or beside the package "deno" of a node_modules.
:look_along
if not exist "%~1\deno\package.json" exit /b
for %%I in ("%~1\deno\node_modules" "%~1") do for %%A in (x64 arm64) do if not defined deno call :check "%%~I\@deno\win32-%%A"
exit /b

rem Has npx get Deno; not from the project's folder, whose own Deno it would take.
:ask_npx
for /f "delims=" %%I in ('cd /d "%root%" ^&^& npx --yes deno@2.9.6 eval "console.log(Deno.execPath())"') do set "deno=%%I"
exit /b
