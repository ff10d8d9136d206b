# Usher's hook for nu, version 1.   usher shell-init nu | save -f ~/usher.nu, then: source ~/usher.nu
# `usher use` and `usher switch` change this shell; a folder's trusted .usher file, and a switch in this
# terminal's browser window, do so at the prompt. Nothing is evaluated: usher answers with JSON, whose
# variables are set and hidden.

# Runs `usher use ...` or `usher switch ...` and takes over what it answers, only if it succeeded and speaks
# our version.
def --env --wrapped __usher_take [verb: string, ...words: string] {
    let answer = (^{{usher}} $verb --shell-output nu ...$words | from json)
    if ($answer.protocol? != "usher-shell-1") {
        error make --unspanned { msg: "usher: this hook is older or newer than usher; open a new shell" }
    }
    for name in $answer.unset { hide-env --ignore-errors $name }
    load-env $answer.set
}

def --env --wrapped usher [...words: string@__usher_candidates] {
    let first = ($words | get --optional 0)
    let asked = ($words | skip 1 | take while {|word| $word != "--" })
    if $first in ["use" "switch"] and not ($asked | any {|word| $word in ["-h" "--help" "--shell"] }) {
        __usher_take $first ...($words | skip 1)
    } else if $first == "trust" {
        ^{{usher}} ...$words
        $env.__usher_found = "?"
    } else {
        ^{{usher}} ...$words
    }
}

# Completion: candidates come from usher as lines. The last word is the one being typed.
def __usher_candidates [line: string] {
    let words = ($line | split row --regex '\s+' | skip 1)
    ^{{usher}} --complete ...$words
    | lines
    | where {|line| not ($line | str starts-with "\t") }
    | each {|line|
        let parts = ($line | split row --number 2 "\t")
        let value = $parts.0
        let plain = ($value =~ '^[A-Za-z0-9_./=:+-]+$')
        { value: (if $plain { $value } else { $value | to json }), description: ($parts | get --optional 1) }
    }
}

# The nearest .usher file, never above the home folder; whose it is and whether it counts, usher decides.
def __usher_find [] {
    let home = ($nu.home-dir? | default $nu.home-path?)
    mut place = $env.PWD
    loop {
        let file = ($place | path join ".usher")
        if ($file | path type) == "file" { return $file }
        let above = ($place | path dirname)
        if $place == $home or $above == $place or $above == "" { return "" }
        $place = $above
    }
}

def --env __usher_folder [] {
    let now = (__usher_find)
    let before = ($env.__usher_found? | default ($env.USHER_FOLDER? | default ""))
    let time = (if $now == "" { null } else { ls -D $now | get 0.modified })
    if $now != $before or ($now != "" and $time != ($env.__usher_time? | default $time)) {
        $env.__usher_found = $now
        try { __usher_take use --folder $now }
    }
    $env.__usher_time = $time
}

# Whether this terminal's window was switched elsewhere: the file's first line is another one then.
def --env __usher_window [] {
    let file = ($env.USHER_WINDOW_FILE? | default "")
    if $file == "" or ($file | path type) != "file" { return }
    let mark = (try { open --raw $file | bytes at 0..15 | decode utf-8 } catch { "" })
    if $mark !~ '^[0-9a-f]{16}$' or $mark == ($env.USHER_WINDOW_SEEN? | default "") { return }
    $env.USHER_WINDOW_SEEN = $mark
    try { __usher_take switch --follow }
}

# At each prompt: a few file tests; usher itself starts only when a file is another one or was changed.
def --env __usher_prompt [] {
    if ($env.USHER_PINNED? | is-not-empty) { return }
    __usher_folder
    __usher_window
}

let hooks = ($env.config.hooks?.pre_prompt? | default [])
if not ($hooks | any {|hook| $hook == "__usher_prompt" }) {
    $env.config.hooks.pre_prompt = ($hooks | append "__usher_prompt")
}

# A shell that was started for one profile says so.
if ($env.USHER_PINNED? | is-not-empty) and ($env.PROMPT_COMMAND? | describe) == "closure" {
    let before = $env.PROMPT_COMMAND
    let mark = ([$env.USHER_LABEL? $env.USHER_PROFILE?] | compact | str join " ")
    $env.PROMPT_COMMAND = {|| $"\(($mark)\) (do $before)" }
}
