# Completion of usher for fish, version 1. Candidates come from usher as lines; none is ever evaluated.
function __usher_complete
    set -l __usher_words (commandline -opc) (commandline -ct)
    if set -l __usher_end (contains -i -- -- $__usher_words[1..-2])
        # What follows -- is another command's line.
        set -l __usher_rest $__usher_words[(math $__usher_end + 1)..-1]
        complete -C (string join ' ' -- (string escape -- $__usher_rest[1..-2]) $__usher_rest[-1])
        return
    end
    set -l __usher_lines (command {{usher}} --complete $__usher_words[2..-1] 2>/dev/null)
    if test "$__usher_lines[1]" = \tfiles
        __fish_complete_path (commandline -ct)
        return
    end
    for __usher_line in $__usher_lines
        echo $__usher_line
    end
end
complete -c usher -f -a '(__usher_complete)'
