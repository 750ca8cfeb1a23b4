using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Runs.Orchestration;

namespace Tribunal.Runs.Judges;

/// <summary>What every provider of judges does with a request's names.</summary>
internal static class JudgeResolution
{
    /// <summary>The protocol of a request.</summary>
    /// <param name="request">The request; <c>auto</c> takes the judge's own.</param>
    /// <param name="own">The judge's protocol, or <c>auto</c>.</param>
    /// <param name="model">The judge's model.</param>
    /// <param name="template">A prompt template of the user's.</param>
    /// <exception cref="JudgeConfigurationException">There is no such protocol, or the template does not fit it.</exception>
    public static IProtocol Protocol(EvaluationRequest request, string? own, string model, string? template = null)
    {
        try
        {
            return ProtocolCatalog.Resolve(request.Protocol == "auto" ? own ?? "auto" : request.Protocol, model, template).Protocol;
        }
        catch (Exception exception) when (exception is ArgumentException or PromptTemplateException)
        {
            throw new JudgeConfigurationException(exception.Message, exception);
        }
    }
}
