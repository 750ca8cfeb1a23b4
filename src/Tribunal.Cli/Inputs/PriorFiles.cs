using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tribunal.Calibration;
using Tribunal.Cli.Output;
using Tribunal.JudgeModels;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;

namespace Tribunal.Cli.Inputs;

/// <summary>Files of what earlier runs have learned: models of judges, and calibrations.</summary>
internal static class PriorFiles
{
    private const int MaxBytes = 64 * 1024 * 1024;

    /// <summary>Reads a model: a file, or that of a run's folder.</summary>
    /// <exception cref="CommandException">It can't be used; the message says why.</exception>
    public static JudgeModel ReadPrior(string path)
    {
        string file = Directory.Exists(path) ? Path.Combine(path, RunFiles.JudgeModel) : path;
        if (!File.Exists(file))
        {
            throw new CommandException(ExitCodes.Usage, Directory.Exists(path)
                ? $"--prior: the run in {path} has learned nothing of its judge; a run with --policy adaptive does"
                : $"--prior {path}: learned, flat, a run's folder or a file is needed, and there is none at {Path.GetFullPath(path)}");
        }

        JudgeModel model = Read(file, "--prior", TribunalJson.Default.JudgeModel);
        return model.Form != JudgeModel.CurrentForm ? throw new CommandException(ExitCodes.Usage, $"--prior: {file} has the form {model.Form}, and this version reads {JudgeModel.CurrentForm}")
            : !model.IsFitted ? throw new CommandException(ExitCodes.Usage, $"--prior: {file} holds nothing learned ({model.Note ?? "no parameters"}); --prior flat goes without")
            : model.Pairs is { } pairs && !(pairs.Concentration > 0 && double.IsFinite(pairs.Concentration) && double.IsFinite(pairs.First) && pairs.FirstSpread >= 0 && pairs.Ties >= 0)
                || model.Lists is { } lists && !(lists.Spread > 0 && lists.Noise > 0 && lists.NoiseSpread >= 0 && double.IsFinite(lists.Spread + lists.Noise + lists.NoiseSpread + lists.First))
                ? throw new CommandException(ExitCodes.Usage, $"--prior: {file} holds parameters that are out of range")
            : model;
    }

    /// <summary>Reads a calibration.</summary>
    /// <exception cref="CommandException">It can't be used; the message says why.</exception>
    public static StoredCalibration ReadCalibration(string file)
    {
        if (!File.Exists(file))
        {
            throw new CommandException(ExitCodes.Usage, $"--calibration: there is no file at {Path.GetFullPath(file)}");
        }

        StoredCalibration calibration = Read(file, "--calibration", TribunalJson.Default.StoredCalibration);
        return (calibration.Temperature is > 0 and < double.PositiveInfinity || calibration.Points is { Count: > 0 } || calibration.Odds is { } odds && double.IsFinite(odds.Intercept + odds.Confidence + odds.Margin))
            && (calibration.Points ?? []).All(static point => point is { Confidence: >= 0 and <= 1, Correctness: >= 0 and <= 1 })
            && calibration.Exhausted is null or (>= 0 and <= 1)
            ? calibration
            : throw new CommandException(ExitCodes.Usage, $"--calibration: {file} holds neither a temperature above 0, nor a curve in [0, 1], nor log-odds");
    }

    private static T Read<T>(string file, string option, JsonTypeInfo<T> type)
        where T : class
    {
        if (new FileInfo(file).Length > MaxBytes)
        {
            throw new CommandException(ExitCodes.Usage, $"{option}: {file} is larger than {MaxBytes} bytes");
        }

        try
        {
            return ContractJson.Read(File.ReadAllBytes(file), type) ?? throw new JsonException("the document is null");
        }
        catch (JsonException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"{option}: {file} can't be read: {ContractJson.Words(exception)}", exception);
        }
    }
}
