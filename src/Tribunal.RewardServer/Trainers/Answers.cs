using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tribunal.Protocols;
using Tribunal.RewardServer.Judging;

namespace Tribunal.RewardServer.Trainers;

/// <summary>An answer on its way to whichever HTTP host asked.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">UTF-8 JSON.</param>
/// <param name="ContentType">Its type.</param>
/// <param name="Headers">More headers.</param>
public sealed record HttpAnswer(int Status, ReadOnlyMemory<byte> Body, string ContentType, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>Writes a body that comes in pieces; null where <see cref="Body"/> is all of it.</summary>
    public Func<Stream, CancellationToken, Task>? Streamed { get; init; }

    /// <summary>Writes the body.</summary>
    public Task WriteToAsync(Stream output, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(output);
        return Streamed?.Invoke(output, cancellationToken) ?? output.WriteAsync(Body, cancellationToken).AsTask();
    }
}

/// <summary>Bodies in, answers out, the same for every form.</summary>
internal static class Answers
{
    /// <summary>A body of a form; what is no whole Unicode in it is made so.</summary>
    /// <exception cref="JsonException">It has another form.</exception>
    public static T Parse<T>(ReadOnlyMemory<byte> body, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(WholeText.Of(body).Span, type) ?? throw new JsonException("the body is null");

    /// <summary>An answer, or what is wrong in the words of RFC 9457.</summary>
    public static async Task<HttpAnswer> GuardAsync(Func<Task<HttpAnswer>> answer)
    {
        try
        {
            return await answer();
        }
        catch (JsonException exception)
        {
            return Refuse(400, "the request can't be read", ContractJson.Words(exception));
        }
        catch (ProblemsException exception)
        {
            return Refuse(400, "the request asks for what can't be done", exception.Message);
        }
        catch (TooBusyException exception)
        {
            return Later(429, "too busy", exception.Message, exception.RetryAfterSeconds);
        }
        catch (JudgeAwayException exception)
        {
            return Later(503, "the judge is away", exception.Message, 5);
        }
        catch (JudgeException exception) when (exception.Fault is JudgeFault.RequestRefused or JudgeFault.Filtered)
        {
            return Refuse(400, "the judge refuses the request", exception.Message);
        }
        catch (JudgeException exception)
        {
            return Later(503, "the judge gives no answer", exception.Message, 5);
        }
        catch (OperationCanceledException)
        {
            return Later(503, "closing", "the server closes, or the client went away", 5);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // The storage's own, mostly, whatever it is: nothing is said of the responses.
            return Later(503, "the server can't answer now", exception.Message.Split('\n')[0].TrimEnd(), 5);
        }
    }

    public static HttpAnswer Ok<T>(T value, JsonTypeInfo<T> type, bool complete, bool simulated)
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Tribunal-Complete"] = complete ? "true" : "false" };
        if (simulated)
        {
            headers["X-Tribunal-Simulated"] = "true";
        }

        return Json(200, value, type, headers);
    }

    public static HttpAnswer Json<T>(int status, T value, JsonTypeInfo<T> type, Dictionary<string, string> headers) =>
        new(status, JsonSerializer.SerializeToUtf8Bytes(value, type), "application/json", headers);

    /// <summary>A refusal in the form of RFC 9457.</summary>
    public static HttpAnswer Refuse(int status, string title, string detail) =>
        new(status, JsonSerializer.SerializeToUtf8Bytes(new Problem(title, status, detail), TrainerJson.Default.Problem), "application/problem+json", new Dictionary<string, string>(StringComparer.Ordinal));

    private static HttpAnswer Later(int status, string title, string detail, int seconds) => Refuse(status, title, detail) with
    {
        Headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["Retry-After"] = seconds.ToString(CultureInfo.InvariantCulture) },
    };
}
