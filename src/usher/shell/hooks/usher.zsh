# Usher's hook for zsh, version 1.   eval "$(usher shell-init zsh)"
# `usher use` and `usher switch` change this shell; a folder's trusted .usher file, and a switch in this
# terminal's browser window, do so at the prompt. Whatever is evaluated was made by usher from fixed templates
# and single-quoted values.

\builtin unalias usher 2>/dev/null || \builtin true

function __usher_command() {
    {{usher}} "$@"
}

# Runs `usher use ...` or `usher switch ...` and takes over what it answers, only if it succeeded and speaks
# our version.
function __usher_take() {
    \builtin emulate -L zsh
    \builtin local __usher_text
    __usher_text="$(__usher_command "$1" --shell-output zsh "${@:2}")" || \builtin return $?
    case "$__usher_text" in
        ('usher-shell-1'$'\n'*) \builtin eval "${__usher_text#*$'\n'}" ;;
        ('usher-shell-1') ;;
        (*)
            \builtin print -ru2 -- 'usher: this hook is older or newer than usher; open a new shell'
            \builtin return 1
            ;;
    esac
}

function usher() {
    \builtin emulate -L zsh
    case "${1-}" in
        (use|switch)
            \builtin local __usher_word
            for __usher_word in "${@:2}"; do
                case "$__usher_word" in
                    (--) \builtin break ;;
                    (-h | --help | --shell)
                        __usher_command "$@"
                        \builtin return
                        ;;
                esac
            done
            __usher_take "$@"
            ;;
        (trust)
            __usher_command "$@" || \builtin return $?
            \builtin typeset -g __usher_found='?'
            ;;
        (*) __usher_command "$@" ;;
    esac
}

# The nearest .usher file, never above the home folder nor in a folder of somebody else.
function __usher_find() {
    \builtin emulate -L zsh
    \builtin local __usher_place="$PWD"
    \builtin typeset -g __usher_now=''
    while [[ -O ${__usher_place:-/} ]]; do
        if [[ -f $__usher_place/.usher ]]; then
            __usher_now="$__usher_place/.usher"
            \builtin return 0
        fi
        if [[ -z $__usher_place || $__usher_place == "${HOME-}" ]]; then
            \builtin return 0
        fi
        __usher_place="${__usher_place%/*}"
    done
}

function __usher_folder() {
    \builtin emulate -L zsh
    __usher_find
    if [[ $__usher_now != "${__usher_found-${USHER_FOLDER-}}" ]] ||
        [[ -n $__usher_now && -n ${USHER_STAMP-} &&
            ( $__usher_now -nt $USHER_STAMP || $__usher_now -ot $USHER_STAMP ) ]]; then
        \builtin typeset -g __usher_found="$__usher_now"
        __usher_take use --folder "$__usher_now" || \builtin true
    fi
}

# Whether this terminal's window was switched elsewhere: the file's first line is another one then.
function __usher_window() {
    \builtin emulate -L zsh
    \builtin local __usher_mark=
    if [[ -f ${USHER_WINDOW_FILE-} && -O $USHER_WINDOW_FILE && -r $USHER_WINDOW_FILE ]] &&
        \builtin read -rk 16 -u 0 __usher_mark <"$USHER_WINDOW_FILE" &&
        [[ $__usher_mark =~ '^[0-9a-f]{16}$' && $__usher_mark != "${USHER_WINDOW_SEEN-}" ]]; then
        \builtin export USHER_WINDOW_SEEN="$__usher_mark"
        __usher_take switch --follow || \builtin true
    fi
}

# At each prompt: a few file tests; usher itself starts only when a file is another one or was changed.
function __usher_prompt() {
    \builtin local __usher_status=$?
    \builtin emulate -L zsh
    if [[ -z ${USHER_PINNED-} ]]; then
        __usher_folder
        __usher_window
    fi
    if [[ -o errexit ]]; then
        \builtin return 0 # `set -e` would end the shell for the status of the command before
    fi
    \builtin return $__usher_status
}

if [[ -o interactive ]]; then
    \builtin typeset -ga precmd_functions
    if (( ! ${precmd_functions[(Ie)__usher_prompt]} )); then
        precmd_functions=(__usher_prompt $precmd_functions)
    fi
    # A shell that was started for one profile says so. %v inserts a value without expanding it, whatever
    # the prompt options are.
    if [[ -n ${USHER_PINNED-} && -z ${__usher_marked-} && ${PROMPT-} != *'usher prompt'* ]]; then
        \builtin typeset -g __usher_marked=1
        psvar+=("${USHER_LABEL:+$USHER_LABEL }${USHER_PROFILE-}")
        PROMPT="(%${#psvar}v) ${PROMPT-}"
    fi
fi
