namespace Tribunal.Protocols;

/// <summary>What goes into a request besides the messages.</summary>
public sealed record RequestFields
{
    /// <summary>Arguments of the server's chat template (<c>chat_template_kwargs</c>), as JSON; null for none.</summary>
    public string? TemplateArguments { get; init; }

    /// <summary>A JSON schema that the answer has to follow, sent as structured output; null for none.</summary>
    public string? Schema { get; init; }

    /// <summary>Whether the probabilities of the answer's tokens are asked for (<see cref="JudgeReply.Tokens"/>).</summary>
    public bool TokenProbabilities { get; init; }

    /// <summary>Fields that the server refuses: <c>seed</c>, <c>top_p</c>, <c>temperature</c>.</summary>
    public IReadOnlyList<string> LeaveOut { get; init; } = [];
}
