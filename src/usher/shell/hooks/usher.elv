# Usher's hook for elvish, version 1.   eval (usher shell-init elvish | slurp)
# `usher use` and `usher switch` change this shell, and a switch in this terminal's browser window does so at
# the prompt. Nothing is evaluated: usher answers with JSON, whose variables are set and unset. `usher use .`
# enters a folder's profile.

use re
use str

fn -usher-take {|verb @words|
    var answer = ((external {{usher}}) $verb --shell-output elvish $@words | from-json)
    if (not-eq $answer[protocol] usher-shell-1) {
        fail 'usher: this hook is older or newer than usher; open a new shell'
    }
    for name $answer[unset] { unset-env $name }
    for name [(keys $answer[set])] { set-env $name $answer[set][$name] }
}

fn -usher {|@words|
    if (and (> (count $words) 0) (has-value [use switch] $words[0])) {
        var plain = $false
        for word $words[1..] {
            if (eq $word --) { break }
            if (has-value [-h --help --shell] $word) { set plain = $true }
        }
        if $plain {
            (external {{usher}}) $@words
        } else {
            -usher-take (all $words)
        }
    } else {
        (external {{usher}}) $@words
    }
}
edit:add-var usher~ $-usher~

# At each prompt: whether this terminal's window was switched elsewhere, which the file's first line tells.
# usher itself starts only then.
fn -usher-window {
    if (or (eq $E:USHER_WINDOW_FILE '') (not-eq $E:USHER_PINNED '')) { return }
    var mark = ''
    try {
        set mark = (str:trim-right (read-upto "\n" < $E:USHER_WINDOW_FILE) "\n")
    } catch _ {
        return
    }
    if (or (not (re:match '^[0-9a-f]{16}$' $mark)) (eq $mark $E:USHER_WINDOW_SEEN)) { return }
    set-env USHER_WINDOW_SEEN $mark
    try { -usher-take switch --follow } catch _ { }
}
set edit:before-readline = [$@edit:before-readline $-usher-window~]
