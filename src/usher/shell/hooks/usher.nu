# Usher's hook for nu, version 1.   usher shell-init nu | save -f ~/usher.nu, then: source ~/usher.nu
# `usher use` changes this shell; a folder's trusted .usher file does so at the prompt. Nothing is
# evaluated: usher answers with JSON, whose variables are set and hidden.

def --wrapped __usher_command [...words: string] {
    ^{{usher}} ...$words
}

# Runs `usher use ...` and takes over what it answers, only if it succeeded and speaks our version.
def --env --wrapped __usher_use [...words: string] {
    let answer = (^{{usher}} use --shell-output nu ...$words | from json)
    if ($answer.protocol? != "usher-shell-1") {
        error make --unspanned { msg: "usher: this hook is older or newer than usher; open a new shell" }
    }
    for name in $answer.unset { hide-env --ignore-errors $name }
    load-env $answer.set
}

def --env --wrapped usher [...words: string] {
    let first = ($words | get --optional 0)
    let asked = ($words | skip 1 | take while {|word| $word != "--" })
    if $first == "use" and not ($asked | any {|word| $word in ["-h" "--help" "--shell"] }) {
        __usher_use ...($words | skip 1)
    } else {
        ^{{usher}} ...$words
        if $first == "trust" { $env.__usher_found = "?" }
    }
}

# The nearest .usher file, never above the home folder; whose it is and whether it counts, usher decides.
def __usher_find [] {
    mut place = $env.PWD
    loop {
        let file = ($place | path join ".usher")
        if ($file | path type) == "file" { return $file }
        let above = ($place | path dirname)
        if $place == $nu.home-path or $above == $place or $above == "" { return "" }
        $place = $above
    }
}

def --env __usher_folder [] {
    if ($env.USHER_PINNED? | is-not-empty) { return }
    let now = (__usher_find)
    let before = ($env.__usher_found? | default ($env.USHER_FOLDER? | default ""))
    let time = (if $now == "" { null } else { ls -D $now | get 0.modified })
    if $now != $before or ($now != "" and $time != ($env.__usher_time? | default $time)) {
        $env.__usher_found = $now
        try { __usher_use --folder $now }
    }
    $env.__usher_time = $time
}

$env.config = ($env.config | upsert hooks.pre_prompt {|config|
    let hooks = ($config | get --optional hooks.pre_prompt | default [])
    let ours = "__usher_folder"
    if ($hooks | any {|hook| ($hook | describe) == "string" and $hook == $ours }) { $hooks } else { $hooks | append $ours }
})
