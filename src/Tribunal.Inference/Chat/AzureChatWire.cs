using System.Buffers;
using Azure;
using Azure.AI.Inference;
using Azure.Core;
using Azure.Core.Pipeline;
using Tribunal.Inference.Endpoints;

namespace Tribunal.Inference.Chat;

/// <summary>
/// Azure.AI.Inference's client pipeline: its authentication and policies, our bytes. The library has no public protocol
/// method for chat completions, and its models drop the reasoning fields and unknown choices.
/// </summary>
internal sealed class AzureChatWire : IChatWire
{
    private readonly HttpPipeline _pipeline;
    private readonly Uri _address;

    public AzureChatWire(JudgeEndpointOptions options, EndpointAccess access)
    {
        var clientOptions = new AzureAIInferenceClientOptions { Transport = new HttpClientTransport(access.Http) };
        clientOptions.Retry.MaxRetries = 0;
        clientOptions.Retry.NetworkTimeout = Timeout.InfiniteTimeSpan;
        clientOptions.Diagnostics.IsLoggingEnabled = false;
        clientOptions.Diagnostics.IsTelemetryEnabled = false;
        clientOptions.Diagnostics.IsDistributedTracingEnabled = false;
        if (access.Key is null)
        {
            clientOptions.AddPolicy(new NoAuthorization(), HttpPipelinePosition.BeforeTransport);
        }

        if (access.Token is not null)
        {
            // The client's own would ask for one fixed scope.
            clientOptions.AddPolicy(new BearerTokenAuthenticationPolicy(access.Token, options.TokenScope), HttpPipelinePosition.BeforeTransport);
        }

        var client = new ChatCompletionsClient(options.Endpoint, new AzureKeyCredential(access.Key ?? "none"), clientOptions);
        _pipeline = client.Pipeline;
        string root = options.Endpoint.AbsoluteUri.TrimEnd('/');
        _address = new Uri($"{root}/chat/completions?api-version={options.ApiVersion}");
    }

    public string Provider => "azure.ai.inference";

    public async Task<WireResponse> SendAsync(ReadOnlySequence<byte> body, CancellationToken cancellationToken)
    {
        using HttpMessage message = _pipeline.CreateMessage();
        message.BufferResponse = false;
        Request request = message.Request;
        request.Method = RequestMethod.Post;
        request.Uri.Reset(_address);
        request.Headers.Add("Accept", "application/json");
        request.Headers.Add("Content-Type", "application/json");
        // Without it the service refuses parameters that it does not know itself, such as a thinking budget.
        request.Headers.Add("extra-parameters", "pass-through");
        request.Content = RequestContent.Create(body);
        await _pipeline.SendAsync(message, cancellationToken);
        Response response = message.Response;
        Stream? stream = message.ExtractResponseContent();
        response.Headers.TryGetValue("Retry-After", out string? retryAfter);
        response.Headers.TryGetValue("retry-after-ms", out string? retryAfterMs);
        response.Headers.TryGetValue("Location", out string? location);
        return new WireResponse(response.Status, stream, response, response.Headers.ContentType, retryAfter, response.Headers.ContentLengthLong) { RetryAfterMs = retryAfterMs, Location = location };
    }

    private sealed class NoAuthorization : HttpPipelineSynchronousPolicy
    {
        public override void OnSendingRequest(HttpMessage message)
        {
            message.Request.Headers.Remove("Authorization");
            message.Request.Headers.Remove("api-key");
        }
    }
}
