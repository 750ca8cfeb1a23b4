using System.Text.Json;
using Tribunal.Cli.Output;
using Tribunal.Runs.Resuming;
using Tribunal.Voting;

namespace Tribunal.Cli.Inputs;

/// <summary>Files of panel weights.</summary>
internal static class PanelFiles
{
    private const int MaxBytes = 8 * 1024 * 1024;

    /// <summary>Reads one.</summary>
    /// <exception cref="CommandException">It can't be used; the message says why.</exception>
    public static PanelWeights Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new CommandException(ExitCodes.Usage, $"there are no panel weights at {path}");
        }

        if (new FileInfo(path).Length > MaxBytes)
        {
            throw new CommandException(ExitCodes.Usage, $"{path}: more than {MaxBytes} bytes");
        }

        try
        {
            PanelWeights? panel = JsonSerializer.Deserialize(File.ReadAllBytes(path), TribunalJson.Default.PanelWeights);
            return panel?.Weights is { } weights && weights.All(static w => w is { Judge: not null, Protocol: not null, Weight: >= 0 } && w.Later is null or >= 0) && panel.Default >= 0
                ? panel
                : throw new CommandException(ExitCodes.Usage, $"{path}: weights with a judge, a protocol and a weight of 0 or more each are needed");
        }
        catch (JsonException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"{path} holds no panel weights: {ContractJson.Words(exception)}", exception);
        }
    }
}
