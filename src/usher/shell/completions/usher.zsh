#compdef usher
# Completion of usher for zsh, version 1. Candidates come from usher as lines; none is ever evaluated.
function _usher() {
    \builtin emulate -L zsh
    \builtin local __usher_line
    \builtin local -a __usher_values __usher_shown __usher_words
    __usher_words=("${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}")
    for __usher_line in "${(@f)$({{usher}} --complete "${__usher_words[@]}" 2>/dev/null)}"; do
        if [[ $__usher_line == $'\tfiles' ]]; then
            (( CURRENT > 2 )) && [[ ${words[(i)--]} -lt CURRENT ]] && _normal && \builtin return
            _files
            \builtin return
        fi
        [[ -n $__usher_line ]] || \builtin continue
        __usher_values+=("${__usher_line%%$'\t'*}")
        if [[ -n ${__usher_line#*$'\t'} ]]; then
            __usher_shown+=("${${__usher_line%%$'\t'*}} -- ${__usher_line#*$'\t'}")
        else
            __usher_shown+=("${__usher_line%%$'\t'*}")
        fi
    done
    (( ${#__usher_values} )) && compadd -l -d __usher_shown -a __usher_values
}
if (( ${+functions[compdef]} )); then
    compdef _usher usher
elif [[ ${funcstack[1]-} == _usher ]]; then
    _usher "$@"
fi
