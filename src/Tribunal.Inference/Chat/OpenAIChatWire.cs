using System.Buffers;
using System.ClientModel;
using System.ClientModel.Primitives;
using System.Globalization;
using OpenAI;
using OpenAI.Chat;
using Tribunal.Inference.Endpoints;

namespace Tribunal.Inference.Chat;

/// <summary>The OpenAI library's protocol methods: its pipeline and authentication, our bytes.</summary>
internal sealed class OpenAIChatWire : IChatWire
{
    private readonly ChatClient _client;

    public OpenAIChatWire(JudgeEndpointOptions options, EndpointAccess access)
    {
        var clientOptions = new OpenAIClientOptions
        {
            Endpoint = options.Endpoint,
            Transport = new HttpClientPipelineTransport(access.Http),
            // Its own would send timed-out generations again.
            RetryPolicy = new ClientRetryPolicy(0),
            NetworkTimeout = Timeout.InfiniteTimeSpan,
            ClientLoggingOptions = new ClientLoggingOptions { EnableLogging = false },
            EnableDistributedTracing = false,
        };
        AuthenticationPolicy authentication = access.Token is { } token
            ? new BearerTokenPolicy(token, options.TokenScope)
            : access.Key is { } key
                ? ApiKeyAuthenticationPolicy.CreateBearerAuthorizationPolicy(new ApiKeyCredential(key))
                : new NoAuthentication();
#pragma warning disable OPENAI001 // The one constructor that takes a token credential or no key at all; marked experimental.
        _client = new ChatClient(options.Model, authentication, clientOptions);
#pragma warning restore OPENAI001
    }

    public string Provider => "openai";

    public async Task<WireResponse> SendAsync(ReadOnlySequence<byte> body, CancellationToken cancellationToken)
    {
        using var content = new Pieces(body);
        var options = new RequestOptions
        {
            BufferResponse = false,
            ErrorOptions = ClientErrorBehaviors.NoThrow,
            CancellationToken = cancellationToken,
        };
        ClientResult result = await _client.CompleteChatAsync(content, options);
        PipelineResponse response = result.GetRawResponse();
        response.Headers.TryGetValue("Content-Type", out string? type);
        response.Headers.TryGetValue("Retry-After", out string? retryAfter);
        long? length = response.Headers.TryGetValue("Content-Length", out string? text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;
        response.Headers.TryGetValue("retry-after-ms", out string? retryAfterMs);
        response.Headers.TryGetValue("Location", out string? location);
        return new WireResponse(response.Status, response.ContentStream, response, type, retryAfter, length) { RetryAfterMs = retryAfterMs, Location = location };
    }

    // The library's own content is one array, into which every request would copy its prompt.
    private sealed class Pieces(ReadOnlySequence<byte> body) : BinaryContent
    {
        public override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return true;
        }

        public override void WriteTo(Stream stream, CancellationToken cancellationToken = default)
        {
            foreach (ReadOnlyMemory<byte> piece in body)
            {
                stream.Write(piece.Span);
            }
        }

        public override async Task WriteToAsync(Stream stream, CancellationToken cancellationToken = default)
        {
            foreach (ReadOnlyMemory<byte> piece in body)
            {
                await stream.WriteAsync(piece, cancellationToken);
            }
        }

        public override void Dispose()
        {
        }
    }

    private sealed class NoAuthentication : AuthenticationPolicy
    {
        public override void Process(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex) =>
            ProcessNext(message, pipeline, currentIndex);

        public override ValueTask ProcessAsync(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex) =>
            ProcessNextAsync(message, pipeline, currentIndex);
    }
}
