using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using Tribunal.Inference.Chat;
using Tribunal.Protocols;

namespace Tribunal.Inference.Endpoints;

/// <summary>
/// Asks an endpoint how it is: <c>/health</c> beside the API, then the API's <c>/models</c>. Endpoints that have neither
/// (404, 405) count as up. Says what is wrong in words and never throws for an endpoint that is away.
/// </summary>
internal sealed class EndpointHealth(EndpointOptions options, EndpointAccess access, TimeProvider time)
{
    private const string Trust = "add the authority that signed it to the system's, or name it in SSL_CERT_FILE";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public async Task<JudgeHealth> CheckAsync(CancellationToken cancellationToken)
    {
        string root = options.Endpoint.AbsoluteUri.TrimEnd('/');
        string beside = root.EndsWith("/v1", StringComparison.OrdinalIgnoreCase) ? root[..^3] : root;
        try
        {
            (HttpStatusCode status, string body, string? location) = await GetAsync(new Uri($"{beside}/health"), cancellationToken);
            if (Wrong(status, body, location) is { } wrong)
            {
                return new JudgeHealth(false, wrong);
            }

            (status, body, location) = await GetAsync(new Uri($"{root}/models"), cancellationToken);
            if (Wrong(status, body, location) is { } wrongModels)
            {
                return new JudgeHealth(false, wrongModels);
            }

            return (int)status is >= 200 and < 300 && Models(body) is { Count: > 0 } served && options.Model.Length > 0
                && !served.Contains(options.Model, StringComparer.Ordinal)
                ? new JudgeHealth(false, $"{options.Endpoint} does not serve '{options.Model}'; it serves {List(served)}: one of these is to be asked for")
                : new JudgeHealth(true, options.Model.Length == 0 ? $"{options.Endpoint} is up" : $"{options.Endpoint} serves {options.Model}");
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new JudgeHealth(false, Away(exception));
        }
    }

    private async Task<(HttpStatusCode Status, string Body, string? Location)> GetAsync(Uri address, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        await access.SignAsync(request, linked.Token);
        using HttpResponseMessage response = await access.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, linked.Token);
        await using Stream stream = await response.Content.ReadAsStreamAsync(linked.Token);
        string body = await BoundedBody.ReadAsync(
            stream, response.Content.Headers.ContentLength, 4 * 1024 * 1024, cut: true,
            static (bytes, _) => Encoding.UTF8.GetString(bytes.Span), 0, linked.Token);
        return (response.StatusCode, body, response.Headers.TryGetValues("Location", out IEnumerable<string>? values) ? values.FirstOrDefault() : null);
    }

    private string? Wrong(HttpStatusCode status, string body, string? location)
    {
        string said = EndpointError.Fit(body.Length > 1000 ? body[..1000] : body, access.Key);
        string key = options.Identity ? "its identity" : options.ApiKeyEnv is { } name ? $"the key in {name}" : "a request without a key";
        return (int)status switch
        {
            401 => $"{options.Endpoint} does not accept {key} (401)",
            403 => $"{options.Endpoint} refuses {key} (403)",
            404 or 405 => null,
            429 => null,
            503 => $"{options.Endpoint} is not ready yet (503{(said.Length > 0 ? $": {said}" : "")})",
            >= 500 => $"{options.Endpoint} answers with an error ({(int)status}{(said.Length > 0 ? $": {said}" : "")})",
            >= 300 and < 400 => $"{options.Endpoint} redirects elsewhere ({(int)status}){EndpointError.Where(location, access.Key)}; give the final address",
            _ => null,
        };
    }

    private string Away(Exception exception)
    {
        for (Exception? inner = exception; inner is not null; inner = inner.InnerException)
        {
            switch (inner)
            {
                case SocketException when Proxy() is { } proxy:
                    return $"the proxy {proxy}, which the environment names (HTTP_PROXY, HTTPS_PROXY), can't be reached; NO_PROXY={options.Endpoint.Host} goes past it";
                case AuthenticationException when inner.Message.Contains("frame", StringComparison.Ordinal):
                    return $"{options.Endpoint} speaks no TLS: give its address with http://";
                case AuthenticationException when inner.Message.Contains("NameMismatch", StringComparison.Ordinal):
                    return inner.Message.Contains("ChainErrors", StringComparison.Ordinal)
                        ? $"the certificate that {options.Endpoint.Authority} shows is another host's, and is not trusted here: give the address with the name that the certificate has, and {Trust}"
                        : $"the certificate that {options.Endpoint.Authority} shows is another host's: give the address with the name that the certificate has";
                case AuthenticationException when inner.Message.Contains("NotTimeValid", StringComparison.Ordinal):
                    return $"the certificate of {options.Endpoint.Host} has expired, or is not valid yet by this machine's clock: the server needs a new one";
                case AuthenticationException:
                    return $"the certificate of {options.Endpoint.Host} is not trusted here: {Trust}";
                case HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError } when Proxy() is { } proxy:
                    return $"the proxy {proxy}, which the environment names (HTTPS_PROXY), lets nothing through to {options.Endpoint.Host} ({EndpointError.Fit(inner.Message, access.Key)}): "
                        + $"it may want http://NAME:PASSWORD@{proxy} there; NO_PROXY={options.Endpoint.Host} goes past it";
                case HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError, InnerException: IOException }:
                    return $"{options.Endpoint} ends the connection where TLS begins: if it speaks none, give its address with http://";
                case SocketException { SocketErrorCode: SocketError.ConnectionReset } or HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } when options.Endpoint.Scheme == "http":
                    return $"{options.Endpoint} ends the connection without an answer: if it speaks TLS, give its address with https://";
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused }:
                    return $"nothing listens at {options.Endpoint.Host}:{options.Endpoint.Port}";
                case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData }:
                    return $"the host {options.Endpoint.Host} is not known";
                case OperationCanceledException:
                    return $"{options.Endpoint} does not answer within {Limit.TotalSeconds:0} s";
                case Azure.Identity.AuthenticationFailedException:
                    return $"the Azure identity can't sign in: {EndpointError.Fit(inner.Message, null)}";
            }
        }

        return $"{options.Endpoint} can't be reached: {EndpointError.Fit(exception.GetBaseException().Message, access.Key)}";
    }

    // Without what it may hold of a name and a password.
    private string? Proxy() => HttpClient.DefaultProxy.IsBypassed(options.Endpoint) || HttpClient.DefaultProxy.GetProxy(options.Endpoint) is not { } proxy ? null : $"{proxy.Host}:{proxy.Port}";

    private static List<string> Models(string body)
    {
        List<string> names = [];
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("data", out JsonElement data) && data.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement model in data.EnumerateArray())
                {
                    if (model.ValueKind == JsonValueKind.Object && model.TryGetProperty("id", out JsonElement id) && id.ValueKind == JsonValueKind.String)
                    {
                        names.Add(id.GetString()!);
                    }
                }
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // A list that can't be read tells nothing against the endpoint.
        }

        return names;
    }

    private static string List(List<string> names) =>
        EndpointError.Fit(string.Join(", ", names.Take(8)), null) + (names.Count > 8 ? $" and {names.Count - 8} more" : "");
}
