using Microsoft.Extensions.Logging;
using Tribunal.Inference.Telemetry;

namespace Tribunal.Inference.Resilience;

/// <summary>What this library logs. Details come from endpoints: bounded, one line, keys removed.</summary>
internal static partial class InferenceLog
{
    [LoggerMessage(2001, LogLevel.Debug, "{Endpoint}: try {Try} ended {Ending}, next in {DelayMs} ms: {Detail}")]
    public static partial void Retry(ILogger logger, string endpoint, int @try, Ending ending, double delayMs, string? detail);

    [LoggerMessage(2002, LogLevel.Information, "{Endpoint} is overloaded: at most {Limit} requests at once for now")]
    public static partial void Lowered(ILogger logger, string endpoint, int limit);

    [LoggerMessage(2003, LogLevel.Warning, "{Endpoint} is away: {Detail}")]
    public static partial void Away(ILogger logger, string endpoint, string? detail);

    [LoggerMessage(2004, LogLevel.Information, "{Endpoint} answers again")]
    public static partial void Back(ILogger logger, string endpoint);

    [LoggerMessage(2005, LogLevel.Warning, "{Endpoint} gave no answer ({Fault}) after {Requests} requests: {Detail}")]
    public static partial void NoAnswer(ILogger logger, string endpoint, string fault, int requests, string? detail);

    [LoggerMessage(2006, LogLevel.Information, "{Endpoint} is a meta reward model of kind {Kind}")]
    public static partial void MetaKindFound(ILogger logger, string endpoint, string kind);

    [LoggerMessage(JudgeFactory.NoMetaForm, LogLevel.Warning, "{Endpoint} answers none of the known interfaces of meta reward models: {Detail}")]
    public static partial void NoKind(ILogger logger, string endpoint, string detail);

    [LoggerMessage(JudgeFactory.NoStructuredOutput, LogLevel.Warning, "{Endpoint} takes no structured output; answers are asked for by the prompt alone: {Detail}")]
    public static partial void NoSchema(ILogger logger, string endpoint, string detail);

    [LoggerMessage(JudgeFactory.AnotherModel, LogLevel.Warning, "{Endpoint}: '{Asked}' was asked for, and the server says that '{Model}' answers")]
    public static partial void AnotherModel(ILogger logger, string endpoint, string asked, string model);
}
