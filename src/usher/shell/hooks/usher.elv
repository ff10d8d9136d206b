# Usher's hook for elvish, version 1.   eval (usher shell-init elvish | slurp)
# `usher use` changes this shell. Nothing is evaluated: usher answers with JSON, whose variables are set
# and unset. `usher use .` enters a folder's profile.

fn -usher-use {|@words|
    var answer = ((external {{usher}}) use --shell-output elvish $@words | from-json)
    if (not-eq $answer[protocol] usher-shell-1) {
        fail 'usher: this hook is older or newer than usher; open a new shell'
    }
    for name $answer[unset] { unset-env $name }
    for name [(keys $answer[set])] { set-env $name $answer[set][$name] }
}

fn -usher {|@words|
    if (and (> (count $words) 0) (eq $words[0] use)) {
        var plain = $false
        for word $words[1..] {
            if (eq $word --) { break }
            if (has-value [-h --help --shell] $word) { set plain = $true }
        }
        if $plain {
            (external {{usher}}) $@words
        } else {
            -usher-use (all $words[1..])
        }
    } else {
        (external {{usher}}) $@words
    }
}
edit:add-var usher~ $-usher~
