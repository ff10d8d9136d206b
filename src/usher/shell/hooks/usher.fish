# Usher's hook for fish, version 1.   usher shell-init fish | source
# `usher use` and `usher switch` change this shell; a folder's trusted .usher file, and a switch in this
# terminal's browser window, do so at the prompt. Whatever is evaluated was made by usher from fixed templates
# and single-quoted values.

function __usher_command
    command {{usher}} $argv
end

# Runs `usher use ...` or `usher switch ...` and takes over what it answers, only if it succeeded and speaks
# our version.
function __usher_take
    set -l __usher_lines (__usher_command $argv[1] --shell-output fish $argv[2..-1])
    set -l __usher_code $status
    test $__usher_code -eq 0; or return $__usher_code
    if test "$__usher_lines[1]" != usher-shell-1
        echo 'usher: this hook is older or newer than usher; open a new shell' >&2
        return 1
    end
    for __usher_line in $__usher_lines[2..-1]
        eval $__usher_line
    end
    return 0
end

function usher
    switch "$argv[1]"
        case use switch
            for __usher_word in $argv[2..-1]
                switch $__usher_word
                    case --
                        break
                    case -h --help --shell
                        __usher_command $argv
                        return
                end
            end
            __usher_take $argv
        case trust
            __usher_command $argv; or return
            set -g __usher_found '?'
        case '*'
            __usher_command $argv
    end
end

# The nearest .usher file, never above the home folder nor in a folder of somebody else.
function __usher_find
    set -l __usher_place $PWD
    while test -O "$__usher_place"
        if test -f "$__usher_place/.usher"
            echo "$__usher_place/.usher"
            return
        end
        if test "$__usher_place" = /; or test "$__usher_place" = "$HOME"
            return
        end
        set __usher_place (string replace -r '/[^/]*$' '' -- $__usher_place)
        test -n "$__usher_place"; or set __usher_place /
    end
end

function __usher_folder
    set -l __usher_now (__usher_find | string collect)
    set -q __usher_found; or set -g __usher_found "$USHER_FOLDER"
    if test "$__usher_now" != "$__usher_found"; or __usher_changed "$__usher_now"
        set -g __usher_found "$__usher_now"
        __usher_take use --folder "$__usher_now"
    end
end

# Whether this terminal's window was switched elsewhere: the file's first line is another one then.
function __usher_window
    if test -f "$USHER_WINDOW_FILE"; and test -O "$USHER_WINDOW_FILE"; and test -r "$USHER_WINDOW_FILE"
        read -l -n 16 __usher_mark <"$USHER_WINDOW_FILE"
        if string match -qr '^[0-9a-f]{16}$' -- "$__usher_mark"; and test "$__usher_mark" != "$USHER_WINDOW_SEEN"
            set -gx USHER_WINDOW_SEEN $__usher_mark
            __usher_take switch --follow
        end
    end
end

# At each prompt: a few file tests; usher itself starts only when a file is another one or was changed.
function __usher_prompt --on-event fish_prompt
    set -l __usher_status $status
    if test -z "$USHER_PINNED"
        __usher_folder
        __usher_window
    end
    return $__usher_status
end

function __usher_return
    return $argv[1]
end

function __usher_changed
    test -n "$argv[1]"; and test -n "$USHER_STAMP"
    and begin
        test "$argv[1]" -nt "$USHER_STAMP"; or test "$argv[1]" -ot "$USHER_STAMP"
    end
end

# A shell that was started for one profile says so.
if status is-interactive; and test -n "$USHER_PINNED"; and not functions -q __usher_prompt_before
    functions -q fish_prompt; and functions -c fish_prompt __usher_prompt_before
    or function __usher_prompt_before
        echo -n '> '
    end
    function fish_prompt
        set -l __usher_status $status
        set -l __usher_mark "$USHER_PROFILE"
        test -n "$USHER_LABEL"; and set __usher_mark "$USHER_LABEL $USHER_PROFILE"
        echo -n "($__usher_mark) "
        __usher_return $__usher_status
        __usher_prompt_before
    end
end
