namespace Tribunal.Inference.Endpoints;

/// <summary>What every model behind an endpoint needs to be reached. Fits a section of JSON configuration; holds no secrets.</summary>
public abstract record EndpointOptions
{
    /// <summary>The name in requests, ledgers and messages; 1 to 64 letters, digits, <c>-</c>, <c>_</c> and <c>.</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The base of the API, <c>http://host:port/v1</c> for vLLM and SGLang; http or https, without query and user info.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>The model as the endpoint names it.</summary>
    public string Model { get; init; } = "";

    /// <summary>The NAME of the environment variable that holds the API key; null when the endpoint asks for none.</summary>
    public string? ApiKeyEnv { get; init; }

    /// <summary>Whether to sign in with an Azure identity (managed identity, developer tools) instead of a key; https only.</summary>
    public bool Identity { get; init; }

    /// <summary>The scope that identity tokens are asked for.</summary>
    public string TokenScope { get; init; } = "https://cognitiveservices.azure.com/.default";

    /// <summary>Requests under way at once, at most, 1..4096; the adaptive limit moves below it. Default 64.</summary>
    public int Concurrency { get; init; } = 64;

    /// <summary>The time limit of one request in seconds, (0, 86400]. Default 600: a long thinking trace takes minutes.</summary>
    public double TimeoutSeconds { get; init; } = 600;

    /// <summary>Requests sent for one question at most, 1..20. Default 6.</summary>
    public int Tries { get; init; } = 6;

    internal TimeSpan Timeout => TimeSpan.FromSeconds(TimeoutSeconds);

    /// <summary>Whether the host is this machine.</summary>
    internal bool OnLoopback => Endpoint.IsLoopback;

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentException">An option can't be used; the message names it.</exception>
    public virtual void Validate()
    {
        Check(
            Name is { Length: >= 1 and <= 64 } && Name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'),
            nameof(Name), "1 to 64 letters, digits, '-', '_' and '.' are allowed");
        Check(Endpoint is { IsAbsoluteUri: true } && Endpoint.Scheme is "http" or "https", nameof(Endpoint), "an absolute http or https address is needed, such as http://localhost:8000/v1");
        Check(Endpoint!.Query.Length == 0 && Endpoint.Fragment.Length == 0, nameof(Endpoint), "an address without query and fragment is needed");
        Check(Endpoint.UserInfo.Length == 0, nameof(Endpoint), $"user and password don't belong into an address; name a variable in {nameof(ApiKeyEnv)}");
        Check(Model is { Length: <= 256 } && !Model.Any(char.IsControl), nameof(Model), "up to 256 characters without control characters are allowed");
        Check(
            ApiKeyEnv is null || (ApiKeyEnv.Length is > 0 and <= 128 && ApiKeyEnv.All(static c => char.IsAsciiLetterOrDigit(c) || c == '_')),
            nameof(ApiKeyEnv), "the name of an environment variable is needed (letters, digits, '_'), never the key itself");
        Check(!Identity || Endpoint.Scheme == "https", nameof(Identity), "tokens are sent over https only");
        Check(!Identity || ApiKeyEnv is null, nameof(Identity), $"either an identity or {nameof(ApiKeyEnv)}, not both");
        Check(!Identity || TokenScope is { Length: > 0 }, nameof(TokenScope), "a scope is needed for an identity");
        Check(Concurrency is >= 1 and <= 4096, nameof(Concurrency), "1..4096 is allowed");
        Check(TimeoutSeconds is > 0 and <= 86400, nameof(TimeoutSeconds), "more than 0 and at most 86400 seconds are allowed");
        Check(Tries is >= 1 and <= 20, nameof(Tries), "1..20 is allowed");
    }

    /// <summary>Refuses an option by its name.</summary>
    /// <exception cref="ArgumentException">The condition does not hold.</exception>
    private protected void Check(bool holds, string option, string message)
    {
        if (!holds)
        {
            throw new ArgumentException($"endpoint '{Printable(Name)}': {option}: {message}");
        }
    }

    private static string Printable(string? name) =>
        new([.. (name ?? "").Take(64).Select(static c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)]);
}
