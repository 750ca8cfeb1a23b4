using System.Buffers;
using Tribunal.Inference.Endpoints;

namespace Tribunal.Inference.Chat;

/// <summary>Sends a chat completion request through one client library. Retries nothing.</summary>
internal interface IChatWire
{
    /// <summary>The provider's name in telemetry.</summary>
    string Provider { get; }

    /// <summary>Sends; returns when the headers of the answer are there, whatever its status.</summary>
    Task<WireResponse> SendAsync(ReadOnlySequence<byte> body, CancellationToken cancellationToken);
}
