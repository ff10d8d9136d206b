# Completion of usher for bash, version 1. Candidates come from usher as lines; none is ever evaluated.
function __usher_complete() {
    \builtin local __usher_line __usher_value __usher_files= __usher_typed __usher_cut
    \builtin local -a __usher_words
    \builtin local -i __usher_end
    for ((__usher_end = 1; __usher_end < COMP_CWORD; __usher_end++)); do
        if [[ ${COMP_WORDS[__usher_end]} == -- ]] && \builtin declare -F _command_offset >/dev/null; then
            _command_offset $((__usher_end + 1)) # what follows -- is another command's line
            \builtin return
        fi
    done
    # COMP_WORDS is divided at : and = too; what usher is given are words as they stand on the line.
    __usher_typed="${COMP_LINE:0:COMP_POINT}"
    __usher_split "$__usher_typed"
    COMPREPLY=()
    while IFS= \builtin read -r __usher_line; do
        __usher_value="${__usher_line%%$'\t'*}"
        if [[ -z $__usher_value ]]; then
            __usher_files=1
            \builtin continue
        fi
        if [[ $__usher_value == *[!A-Za-z0-9_./=@+,-]* ]]; then
            \builtin printf -v __usher_value '%q' "$__usher_value"
        fi
        COMPREPLY+=("$__usher_value")
    done < <({{usher}} --complete "${__usher_words[@]:1}" 2>/dev/null)
    if [[ -n $__usher_files ]]; then
        \builtin compopt -o default -o bashdefault 2>/dev/null
        COMPREPLY=()
        \builtin return 0
    fi
    # Readline replaces only what follows the last : or = of the word.
    __usher_cut="${2-}"
    __usher_line="${__usher_words[${#__usher_words[@]} - 1]}"
    if [[ $__usher_line == *[:=]* && $__usher_line == *"$__usher_cut" ]]; then
        __usher_line="${__usher_line%"$__usher_cut"}"
        COMPREPLY=("${COMPREPLY[@]#"$__usher_line"}")
    fi
}

# The words of the line up to the cursor: blanks divide, quotes and backslashes are taken away, nothing is run.
function __usher_split() {
    \builtin local __usher_rest="$1" __usher_word= __usher_quote= __usher_char __usher_any=
    __usher_words=()
    while [[ -n $__usher_rest ]]; do
        __usher_char="${__usher_rest:0:1}"
        __usher_rest="${__usher_rest:1}"
        if [[ $__usher_quote == "'" && $__usher_char != "'" ]]; then
            __usher_word+="$__usher_char"
        elif [[ $__usher_char == \\ ]]; then
            __usher_word+="${__usher_rest:0:1}"
            __usher_rest="${__usher_rest:1}"
            __usher_any=1
        elif [[ -n $__usher_quote && $__usher_char == "$__usher_quote" ]]; then
            __usher_quote=
        elif [[ -z $__usher_quote && ($__usher_char == "'" || $__usher_char == '"') ]]; then
            __usher_quote="$__usher_char"
            __usher_any=1
        elif [[ -z $__usher_quote && $__usher_char == [[:blank:]] ]]; then
            if [[ -n $__usher_word$__usher_any ]]; then __usher_words+=("$__usher_word"); fi
            __usher_word= __usher_any=
        else
            __usher_word+="$__usher_char"
        fi
    done
    __usher_words+=("$__usher_word")
}

\builtin complete -F __usher_complete usher
