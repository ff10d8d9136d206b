# Completion of usher for PowerShell, version 1. Candidates come from usher as lines; none is ever evaluated.
Register-ArgumentCompleter -Native -CommandName usher -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    __UsherComplete $commandAst $cursorPosition
}
function global:__UsherComplete($commandAst, $cursorPosition) {
    $words = @()
    $ended = $true
    foreach ($element in ($commandAst.CommandElements | Select-Object -Skip 1)) {
        if ($element.Extent.StartOffset -ge $cursorPosition) { break }
        $words += if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $element.Value } else { $element.Extent.Text }
        $ended = $element.Extent.EndOffset -lt $cursorPosition
    }
    if ($ended) { $words += '' }
    foreach ($line in @(& {{usher}} --complete @words 2>$null)) {
        $value, $about = $line -split "`t", 2
        if ($value -eq '') { continue }
        $text = if ($value -cmatch '^[A-Za-z0-9_./=:+-]+$') { $value } else { "'" + [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($value) + "'" }
        $hint = if ($about) { $about } else { $value }
        [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $hint)
    }
}
