namespace Tribunal.Cli.Tests;

/// <summary>Completion as a shell does it.</summary>
public sealed class CompletionTests
{
    [Theory]
    [InlineData("tribunal sc", "score")]
    [InlineData("tribunal score --proto", "--protocol")]
    [InlineData("tribunal score --policy ", "adaptive budget certified fixed")]
    [InlineData("tribunal score b.jsonl --judge http://h:8000/v1 --protocol rr", "rrm rrm-official")]
    [InlineData("tribunal export pref", "preferences")]
    [InlineData("tribunal completion f", "fish")]
    [InlineData("tribunal score nothing-of-this-name", "")]
    public async Task Bash_completes_commands_options_and_values(string line, string completions)
    {
        ToolResult result = await ToolProcess.BashAsync(AppContext.BaseDirectory, $$"""
            tribunal() { {{string.Join(' ', ToolProcess.Command.Select(static word => $"'{word}'"))}} "$@"; }
            source <(tribunal completion bash)
            COMP_LINE='{{line}}'
            COMP_POINT=${#COMP_LINE}
            read -ra COMP_WORDS <<< "$COMP_LINE"
            [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            complete -p tribunal
            _tribunal
            echo "${COMPREPLY[*]}"
            """);
        string[] lines = result.Output.Split('\n');
        Assert.Equal("complete -o bashdefault -o default -F _tribunal tribunal", lines[0]);
        Assert.Equal(completions, lines[1]);
    }

    [Theory]
    [InlineData("zsh")]
    [InlineData("fish")]
    [InlineData("pwsh")]
    public async Task Every_shell_gets_a_script_that_asks_the_tool(string shell)
    {
        ToolResult result = await ToolProcess.RunAsync(AppContext.BaseDirectory, "completion", shell);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("[suggest:", result.Output, StringComparison.Ordinal);
    }
}
