#compdef usher
# Completion of usher for zsh, version 1. Candidates come from usher as lines; none is ever evaluated.
function _usher() {
    \builtin local __usher_line
    \builtin local -i __usher_end=${words[(i)--]}
    \builtin local -a __usher_values __usher_shown __usher_words
    if (( __usher_end < CURRENT )); then # what follows -- is another command's line
        \builtin shift $__usher_end words
        (( CURRENT -= __usher_end ))
        _normal
        \builtin return
    fi
    __usher_words=("${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}")
    for __usher_line in "${(@f)$({{usher}} --complete "${__usher_words[@]}" 2>/dev/null)}"; do
        if [[ $__usher_line == $'\tfiles' ]]; then
            _files
            \builtin return
        fi
        [[ -n $__usher_line ]] || \builtin continue
        __usher_values+=("${__usher_line%%$'\t'*}")
        if [[ -n ${__usher_line#*$'\t'} ]]; then
            __usher_shown+=("${__usher_line%%$'\t'*} -- ${__usher_line#*$'\t'}")
        else
            __usher_shown+=("${__usher_line%%$'\t'*}")
        fi
    done
    (( ${#__usher_values} )) && compadd -l -d __usher_shown -a __usher_values
}

# In a start-up file the completion system may come later: then at the first prompt that has it.
function __usher_register() {
    if (( ${+functions[compdef]} )); then
        compdef _usher usher
        precmd_functions=(${precmd_functions:#__usher_register})
    fi
}

if [[ ${funcstack[1]-} == _usher ]]; then # loaded from a folder of $fpath
    _usher "$@"
elif (( ${+functions[compdef]} )); then
    compdef _usher usher
elif [[ -o interactive ]]; then
    \builtin typeset -ga precmd_functions
    precmd_functions+=(__usher_register)
fi
