# Usher's hook for PowerShell, version 1.   usher shell-init powershell | Out-String | Invoke-Expression
# `usher use` changes this shell; a folder's trusted .usher file does so at the prompt. Whatever is
# evaluated was made by usher from fixed templates and single-quoted values.

# Runs `usher use ...` and takes over what it answers, only if it succeeded and speaks our version.
function global:__UsherUse {
    $lines = @(& {{usher}} use --shell-output powershell @args)
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
    if ($words.Count -gt 0 -and $words[0] -ceq 'use' -and -not $plain) {
        $rest = @($words | Select-Object -Skip 1)
        __UsherUse @rest
    }
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

# At each prompt: a few file tests; usher itself starts only when the file is another one or was changed.
function global:__UsherFolder {
    if ($env:USHER_PINNED) { return }
    $now = __UsherFind
    if ($null -eq $global:__UsherFound) { $global:__UsherFound = "$env:USHER_FOLDER" }
    $time = if ($now) { [System.IO.File]::GetLastWriteTimeUtc($now) } else { $null }
    if ($now -cne $global:__UsherFound -or ($now -and $time -ne $global:__UsherTime)) {
        $global:__UsherFound = $now
        $global:__UsherTime = $time
        $before = $global:LASTEXITCODE
        __UsherUse --folder $now
        $global:LASTEXITCODE = $before
    }
}

if ($null -eq $global:__UsherPromptBefore) {
    $global:__UsherPromptBefore = $function:prompt
    function global:prompt {
        __UsherFolder
        # A shell that was started for one profile says so.
        $mark = if ($env:USHER_PINNED) { '(' + ("$env:USHER_LABEL $env:USHER_PROFILE").Trim() + ') ' } else { '' }
        $mark + (& $global:__UsherPromptBefore)
    }
}
