# Usher's hook for POSIX shells (dash, ksh, busybox), version 1.   eval "$(usher shell-init sh)"
# `usher use` and `usher switch` change this shell. Whatever is evaluated was made by usher from fixed templates
# and single-quoted values. These shells have no prompt hook: `usher use .` enters a folder's profile, and
# `usher switch .` the account that this terminal's browser window is in.

__usher_command() {
    {{usher}} "$@"
}

# Runs `usher use ...` or `usher switch ...` and takes over what it answers, only if it succeeded and speaks
# our version.
__usher_take() {
    __usher_verb="$1"
    shift
    __usher_text="$(__usher_command "$__usher_verb" --shell-output sh "$@")" || return $?
    case "$__usher_text" in
        'usher-shell-1
'*) eval "${__usher_text#*
}" ;;
        'usher-shell-1') ;;
        *)
            printf '%s\n' 'usher: this hook is older or newer than usher; open a new shell' >&2
            return 1
            ;;
    esac
    unset -v __usher_text __usher_verb
}

\unalias usher 2>/dev/null || :
usher() {
    case "${1-}" in
        use | switch)
            for __usher_word in "$@"; do
                case "$__usher_word" in
                    --) break ;;
                    -h | --help | --shell)
                        __usher_command "$@"
                        return
                        ;;
                esac
            done
            __usher_take "$@"
            ;;
        *) __usher_command "$@" ;;
    esac
}
