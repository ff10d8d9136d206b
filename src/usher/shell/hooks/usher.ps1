# Usher's hook for PowerShell, version 1.   usher shell-init powershell | Out-String | Invoke-Expression
# `usher use` and `usher switch` change this shell; a folder's trusted .usher file, and a switch in this
# terminal's browser window, do so at the prompt. Whatever is evaluated was made by usher from fixed templates
# and single-quoted values.

# Runs `usher use ...` or `usher switch ...` and takes over what it answers, only if it succeeded and speaks
# our version.
function global:__UsherTake {
    $rest = @($args | Select-Object -Skip 1)
    $lines = @(& {{usher}} $args[0] --shell-output powershell @rest)
    if ($LASTEXITCODE -ne 0) { return }
    if ($lines.Count -eq 0 -or $lines[0] -cne 'usher-shell-1') {
        [Console]::Error.WriteLine('usher: this hook is older or newer than usher; open a new shell')
        $global:LASTEXITCODE = 1
        return
    }
    foreach ($line in ($lines | Select-Object -Skip 1)) {
        if ($line -ne '') { Microsoft.PowerShell.Utility\Invoke-Expression $line }
    }
}

function global:usher {
    $words = @($args)
    $plain = $false
    foreach ($word in ($words | Select-Object -Skip 1)) {
        if ($word -ceq '--') { break }
        if ($word -cin @('-h', '--help', '--shell')) { $plain = $true }
    }
    if ($words.Count -gt 0 -and $words[0] -cin @('use', 'switch') -and -not $plain) { __UsherTake @words }
    elseif ($MyInvocation.ExpectingInput) { $input | & {{usher}} @words }
    else { & {{usher}} @words }
    if ($words.Count -gt 0 -and $words[0] -ceq 'trust') { $global:__UsherFound = '?' }
}

# The nearest .usher file, never above the home folder; whose it is and whether it counts, usher decides.
function global:__UsherFind {
    $place = $ExecutionContext.SessionState.Path.CurrentFileSystemLocation.ProviderPath
    while ($place) {
        $file = [System.IO.Path]::Combine($place, '.usher')
        if ([System.IO.File]::Exists($file)) { return $file }
        if ($place -eq $HOME) { return '' }
        $place = [System.IO.Path]::GetDirectoryName($place)
    }
    return ''
}

function global:__UsherFolder {
    $now = __UsherFind
    if ($null -eq $global:__UsherFound) { $global:__UsherFound = "$env:USHER_FOLDER" }
    $time = if ($now) { [System.IO.File]::GetLastWriteTimeUtc($now) } else { $null }
    if ($now -cne $global:__UsherFound -or ($now -and $time -ne $global:__UsherTime)) {
        $global:__UsherFound = $now
        $global:__UsherTime = $time
        __UsherTake use --folder $now
    }
}

# Whether this terminal's window was switched elsewhere: the file's first line is another one then.
function global:__UsherWindow {
    if (-not $env:USHER_WINDOW_FILE -or -not [System.IO.File]::Exists($env:USHER_WINDOW_FILE)) { return }
    $bytes = [byte[]]::new(16)
    try {
        $file = [System.IO.File]::Open($env:USHER_WINDOW_FILE, 'Open', 'Read', 'ReadWrite, Delete')
        try { $read = $file.Read($bytes, 0, 16) } finally { $file.Dispose() }
    }
    catch { return }
    $mark = [System.Text.Encoding]::ASCII.GetString($bytes, 0, $read)
    if ($mark -cnotmatch '^[0-9a-f]{16}$' -or $mark -ceq $env:USHER_WINDOW_SEEN) { return }
    $env:USHER_WINDOW_SEEN = $mark
    __UsherTake switch --follow
}

# At each prompt: a few file tests; usher itself starts only when a file is another one or was changed.
function global:__UsherPrompt {
    if ($env:USHER_PINNED) { return }
    $before = $global:LASTEXITCODE
    __UsherFolder
    __UsherWindow
    $global:LASTEXITCODE = $before
}

if ($null -eq $global:__UsherPromptBefore) {
    $global:__UsherPromptBefore = $function:prompt
    function global:prompt {
        __UsherPrompt
        # A shell that was started for one profile says so.
        $mark = if ($env:USHER_PINNED) { '(' + ("$env:USHER_LABEL $env:USHER_PROFILE").Trim() + ') ' } else { '' }
        $mark + (& $global:__UsherPromptBefore)
    }
}
