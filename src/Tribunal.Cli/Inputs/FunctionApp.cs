using System.CommandLine;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure.Core;
using Azure.Identity;
using Tribunal.Azure;
using Tribunal.Azure.Storage;
using Tribunal.Cli.Output;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;

namespace Tribunal.Cli.Inputs;

/// <summary>
/// Runs behind a function app, for people who can't reach its storage account. Calls carry a function key (<see cref="KeyVariable"/>)
/// and, where the app asks people to sign in (<see cref="SignInVariable"/>), a token of theirs.
/// </summary>
internal sealed class FunctionApp : IRemoteRuns, IDisposable
{
    /// <summary>Environment variable of the function key.</summary>
    public const string KeyVariable = "TRIBUNAL_FUNCTION_KEY";

    /// <summary>Environment variable of the client id of the app registration that guards the app.</summary>
    public const string SignInVariable = "TRIBUNAL_SIGN_IN";

    private readonly HttpClient _http;
    private readonly Uri _address;
    private readonly TokenRequestContext? _scope;
    private readonly DefaultAzureCredential _credential = new();

    private FunctionApp(Uri address, string? key, string? signIn)
    {
        _address = new Uri(address.AbsoluteUri.TrimEnd('/') + "/api/");
        // A batch may take long to be streamed; what must not wait has limits of the app's own.
        _http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        if (key is not null)
        {
            _http.DefaultRequestHeaders.Add("x-functions-key", key);
        }

        _scope = signIn is null ? null : new TokenRequestContext([$"api://{signIn}/.default"]);
    }

    /// <inheritdoc/>
    public string Place => _address.Host;

    /// <summary><c>--through</c>.</summary>
    public static Option<string?> ThroughOption() => new("--through")
    {
        Description = $"Address of the function app, for people who can't reach its storage account. The function key comes from {KeyVariable}; "
            + $"{SignInVariable}, the app registration's client id, where the app asks for a sign-in.",
    };

    /// <summary>Opens one; nothing is sent yet.</summary>
    /// <exception cref="CommandException">The address is none, or would send the key in the clear.</exception>
    public static FunctionApp Open(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? address)
        && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
            ? new FunctionApp(address, Environment.GetEnvironmentVariable(KeyVariable), Environment.GetEnvironmentVariable(SignInVariable))
            : throw new CommandException(ExitCodes.Usage, $"--through {text}: an https address is needed, such as https://NAME.azurewebsites.net");

    /// <inheritdoc/>
    public async Task<string> UploadAsync(FileInfo batch, CancellationToken cancellationToken)
    {
        string hash = await BatchFiles.HashAsync(batch.FullName, cancellationToken);
        string route = $"uploads/{hash}/{Uri.EscapeDataString(batch.Name)}";
        UploadGrant grant = await AskAsync(HttpMethod.Post, route, null, AzureJson.Default.UploadGrant, cancellationToken);
        if (grant.Address is null)
        {
            await Console.Error.WriteLineAsync($"{grant.Batch} is there already");
            return grant.Batch;
        }

        if (!await PutAsync(grant.Address, batch, cancellationToken))
        {
            // The account's firewall lets nobody in from here: the app, which stands inside, takes the content.
            using StreamContent body = Body(batch);
            await AskAsync(HttpMethod.Put, route, body, AzureJson.Default.UploadGrant, cancellationToken);
        }

        await Console.Error.WriteLineAsync($"uploaded {grant.Batch}, {batch.Length} bytes");
        return grant.Batch;
    }

    /// <inheritdoc/>
    public async Task<bool> AskAsync(EvaluationRequest request, CancellationToken cancellationToken)
    {
        using ByteArrayContent body = new(JsonSerializer.SerializeToUtf8Bytes(request, AzureJson.Default.EvaluationRequest));
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        RunRecord record = await AskAsync(HttpMethod.Post, "evaluations", body, AzureJson.Default.RunRecord, cancellationToken);
        return record.State == RunState.Done;
    }

    /// <inheritdoc/>
    public async Task<RunRecord?> GetAsync(string runId, CancellationToken cancellationToken)
    {
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Get, $"evaluations/{runId}", null, cancellationToken);
        return answer.StatusCode == HttpStatusCode.NotFound ? null : await ReadAsync(answer, AzureJson.Default.RunRecord, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task ReadAsync(string runId, string file, Func<Stream, Task> take, CancellationToken cancellationToken)
    {
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Get, $"evaluations/{runId}/results?file={file}", null, cancellationToken);
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            return;
        }

        await RequireAsync(answer, cancellationToken);
        await using Stream content = await answer.Content.ReadAsStreamAsync(cancellationToken);
        await take(content);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static StreamContent Body(FileInfo batch)
    {
        StreamContent body = new(batch.OpenRead());
        body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        return body;
    }

    // False: this address can't be reached from here, or its firewall refuses.
    private static async Task<bool> PutAsync(Uri address, FileInfo batch, CancellationToken cancellationToken)
    {
        // A client of its own: the function key is none of the account's business.
        using HttpClient storage = new() { Timeout = Timeout.InfiniteTimeSpan };
        using HttpRequestMessage put = new(HttpMethod.Put, address) { Content = Body(batch) };
        put.Headers.Add("x-ms-blob-type", "BlockBlob");
        put.Headers.ExpectContinue = true;
        try
        {
            using HttpResponseMessage answer = await storage.SendAsync(put, cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task<T> AskAsync<T>(HttpMethod method, string route, HttpContent? body, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using HttpResponseMessage answer = await SendAsync(method, route, body, cancellationToken);
        return await ReadAsync(answer, type, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string route, HttpContent? body, CancellationToken cancellationToken)
    {
        try
        {
            using HttpRequestMessage request = new(method, new Uri(_address, route)) { Content = body };
            if (_scope is { } scope)
            {
                AccessToken token = await _credential.GetTokenAsync(scope, cancellationToken);
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Token);
            }

            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new CommandException(ExitCodes.Unreachable, $"the function app {_address.Host} can't be reached: {exception.Message}", exception);
        }
        catch (AuthenticationFailedException exception)
        {
            throw new CommandException(ExitCodes.Unreachable, $"the function app {_address.Host} can't be signed in to: sign in with `az login`, or check {SignInVariable}", exception);
        }
    }

    private async Task<T> ReadAsync<T>(HttpResponseMessage answer, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        await RequireAsync(answer, cancellationToken);
        try
        {
            return JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(cancellationToken), type)!;
        }
        catch (JsonException exception)
        {
            throw new CommandException(ExitCodes.Unreachable, $"{_address.Host} answers something else than Tribunal's function app: check --through", exception);
        }
    }

    private async Task RequireAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.IsSuccessStatusCode)
        {
            return;
        }

        string words = Words(await answer.Content.ReadAsStringAsync(cancellationToken));
        throw answer.StatusCode switch
        {
            HttpStatusCode.BadRequest or HttpStatusCode.Conflict or HttpStatusCode.RequestEntityTooLarge => new CommandException(ExitCodes.Usage, words),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new CommandException(
                ExitCodes.Unreachable, $"the function app {_address.Host} refuses ({(int)answer.StatusCode}): check {KeyVariable} and {SignInVariable}"),
            HttpStatusCode.NotFound => new CommandException(ExitCodes.Usage, $"{_address} isn't Tribunal's function app, or an older one: check --through"),
            _ => new CommandException(ExitCodes.Unreachable, $"the function app {_address.Host} failed ({(int)answer.StatusCode}): {words}"),
        };
    }

    // What the app says is wrong, in its words.
    private static string Words(string body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            return document.RootElement.GetProperty("error").GetString() ?? body;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return body.Length == 0 ? "no reason was given" : body.Split('\n')[0];
        }
    }
}
