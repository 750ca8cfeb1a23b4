using System.Net;
using System.Net.Http.Headers;
using Azure.Core;
using Azure.Identity;

namespace Tribunal.Inference.Endpoints;

/// <summary>How an endpoint is reached: the connections and the key or identity.</summary>
internal sealed class EndpointAccess(EndpointOptions options, HttpClient http, string? key, TokenCredential? token)
{
    public HttpClient Http => http;

    public string? Key => key;

    public TokenCredential? Token => token;

    /// <summary>Connections that all endpoints of a process share. Concurrency is limited per endpoint, not here.</summary>
    public static HttpClient NewHttpClient() => new(NewHandler()) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };

    /// <summary>Reads the key from the environment, or readies the identity.</summary>
    /// <exception cref="ArgumentException">The variable named by the options is not set, or holds what no header may hold.</exception>
    public static EndpointAccess Open(EndpointOptions options, HttpClient http, Func<string, string?> environment, TokenCredential? credential)
    {
        if (options.Identity)
        {
            return new EndpointAccess(options, http, null, credential ?? new DefaultAzureCredential());
        }

        if (options.ApiKeyEnv is not { } variable)
        {
            return new EndpointAccess(options, http, null, null);
        }

        string? key = environment(variable)?.Trim();
        if (string.IsNullOrEmpty(key))
        {
            throw new ArgumentException($"endpoint '{options.Name}': {nameof(options.ApiKeyEnv)}: the environment variable {variable} is not set");
        }

        if (key.Any(static c => c is <= ' ' or > '~'))
        {
            throw new ArgumentException($"endpoint '{options.Name}': {nameof(options.ApiKeyEnv)}: the environment variable {variable} holds characters that no key has");
        }

        return new EndpointAccess(options, http, key, null);
    }

    /// <summary>Signs a request that goes out without a client library.</summary>
    public async ValueTask SignAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (token is not null)
        {
            AccessToken access = await token.GetTokenAsync(new TokenRequestContext([options.TokenScope]), cancellationToken);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", access.Token);
        }
        else if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            request.Headers.TryAddWithoutValidation("api-key", key);
        }
    }

    private static SocketsHttpHandler NewHandler() => new()
    {
        // A prompt goes where the configuration says, not where an answer says.
        AllowAutoRedirect = false,
        // Some proxies compress whether asked or not. What is read is bounded behind it.
        AutomaticDecompression = DecompressionMethods.All,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(15),
        // Endpoints scale in and out behind one name.
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        // uvicorn, in front of vLLM and SGLang, drops idle connections after 5 s: be first, or posts meet a closed one.
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(4),
        EnableMultipleHttp2Connections = true,
        // A large prompt's answer may follow headers of any server; its body is bounded where it is read.
        MaxResponseHeadersLength = 64,
    };
}
