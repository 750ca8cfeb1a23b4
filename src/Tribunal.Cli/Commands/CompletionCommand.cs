using System.CommandLine;
using System.Text.Json.Nodes;
using Tribunal.Cli.Output;
using Tribunal.Runs.Resuming;

namespace Tribunal.Cli.Commands;

/// <summary>
/// <c>tribunal completion SHELL</c>: a script that completes commands, options and their values. It asks the tool itself
/// (System.CommandLine's <c>[suggest]</c> directive), so it knows what the installed version knows.
/// </summary>
internal static class CompletionCommand
{
    private static readonly Dictionary<string, string> Scripts = new(StringComparer.Ordinal)
    {
        ["bash"] = """
            # tribunal: completion for bash. Load it with: source <(tribunal completion bash)
            _tribunal() {
              local line=${COMP_LINE:0:COMP_POINT} word candidates i
              candidates=$("${COMP_WORDS[0]}" "[suggest:${#line}]" "$line" 2>/dev/null) || return
              word=${COMP_WORDS[COMP_CWORD]}
              COMPREPLY=()
              local IFS=$'\n'
              for i in $candidates; do
                [[ $i == "$word"* && $i != '-?' && $i != '/?' && $i != '/h' ]] && COMPREPLY+=("$i")
              done
            }
            complete -o bashdefault -o default -F _tribunal tribunal
            """,
        ["zsh"] = """
            #compdef tribunal
            # tribunal: completion for zsh. Load it with: source <(tribunal completion zsh)
            _tribunal() {
              local line="${BUFFER[1,CURSOR]}"
              local -a candidates
              candidates=("${(@f)$("${words[1]}" "[suggest:${#line}]" "$line" 2>/dev/null)}")
              candidates=("${(@)candidates:#(-\?|/\?|/h|)}")
              (( ${#candidates} )) && compadd -a candidates || _files
            }
            compdef _tribunal tribunal
            """,
        ["fish"] = """
            # tribunal: completion for fish. Load it with: tribunal completion fish | source
            function __tribunal_complete
              set -l line (commandline -cp)
              tribunal "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null | string match -v -r '^(-\?|/\?|/h)$'
            end
            complete -c tribunal -a '(__tribunal_complete)'
            """,
        ["pwsh"] = """
            # tribunal: completion for PowerShell. Load it with: tribunal completion pwsh | Out-String | Invoke-Expression
            Register-ArgumentCompleter -Native -CommandName tribunal -ScriptBlock {
              param($wordToComplete, $commandAst, $cursorPosition)
              $line = $commandAst.ToString()
              if ($cursorPosition -gt $line.Length) { $line = $line.PadRight($cursorPosition) }
              tribunal "[suggest:$cursorPosition]" "$line" 2>$null |
                Where-Object { $_ -like "$wordToComplete*" -and $_ -notin '-?', '/?', '/h' } |
                ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
            }
            """,
    };

    public static Command Create()
    {
        Argument<string> shell = new("shell") { Description = "bash, zsh, fish or pwsh." };
        shell.AcceptOnlyFromAmong([.. Scripts.Keys]);
        Command command = new("completion", """
            Prints a script that completes commands, options and their values.

              source <(tribunal completion bash)                                     in ~/.bashrc
              source <(tribunal completion zsh)                                      in ~/.zshrc, after compinit
              tribunal completion fish | source                                      in ~/.config/fish/config.fish
              tribunal completion pwsh | Out-String | Invoke-Expression              in $PROFILE
            """)
        {
            shell,
        };
        Option<string?> output = OutputFile.Option("Where it goes; standard output by default.");
        command.Options.Add(output);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string script = Scripts[parsed.GetRequiredValue(shell)] + "\n";
            Results.Print(new JsonObject { ["shell"] = parsed.GetRequiredValue(shell), ["script"] = script });
            if (!Results.Json || parsed.GetValue(output) is not null)
            {
                await OutputFile.WriteAsync(parsed.GetValue(output) ?? OutputFile.Standard, script, cancellationToken);
            }

            return ExitCodes.Ok;
        });
        return command;
    }
}
