# Completion of usher for nu, version 1. Candidates come from usher as lines; none is ever evaluated.
def __usher_candidates [words: list<string>] {
    ^{{usher}} --complete ...$words
    | lines
    | where {|line| not ($line | str starts-with "\t") }
    | each {|line|
        let parts = ($line | split row -n 2 "\t")
        { value: $parts.0, description: ($parts | get --optional 1 | default "") }
    }
}
