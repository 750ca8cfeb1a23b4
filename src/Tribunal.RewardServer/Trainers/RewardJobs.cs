using System.Security.Cryptography;
using System.Text.Json;
using Tribunal.Runs.Storage;

namespace Tribunal.RewardServer.Trainers;

/// <summary>
/// Requests whose answers are polled for. A request is kept beside the record: a server that is polled for a job which it doesn't know, because
/// another took it or itself before a restart, asks what the job asks. What is judged, or is being judged elsewhere, costs nothing again.
/// </summary>
/// <param name="store">Where requests are kept, each with its client's name in the first line.</param>
internal sealed class RewardJobs(IRunStore store)
{
    private const int Most = 1024;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task<RewardsAnswer>> _jobs = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = [];

    /// <summary>Keeps a request and begins to answer it.</summary>
    /// <param name="body">The request.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="answer">Answers it.</param>
    /// <param name="cancellationToken">Gives up before it is kept.</param>
    /// <returns>The job's name: 32 hexadecimal digits.</returns>
    public async Task<string> StartAsync(ReadOnlyMemory<byte> body, string client, Func<Task<RewardsAnswer>> answer, CancellationToken cancellationToken)
    {
        string id = RandomNumberGenerator.GetHexString(32, lowercase: true);
        byte[] kept = [.. JsonSerializer.SerializeToUtf8Bytes(client, TrainerJson.Default.String), (byte)'\n', .. body.Span];
        await store.WriteDocumentAsync(NameOf(id), kept, cancellationToken);
        await AddAsync(id, answer);
        return id;
    }

    /// <summary>A job's answer, under way or done; null where there is no such job, or <see cref="Most"/> others have followed it.</summary>
    /// <param name="id">Its name, as a client gives it.</param>
    /// <param name="answer">Answers a request of a client.</param>
    /// <param name="cancellationToken">Gives up looking for it.</param>
    public async Task<Task<RewardsAnswer>?> FindAsync(string id, Func<ReadOnlyMemory<byte>, string, Task<RewardsAnswer>> answer, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_jobs.TryGetValue(id, out Task<RewardsAnswer>? known))
            {
                return known;
            }
        }

        if (id.Length != 32 || !id.All(char.IsAsciiHexDigitLower) || await store.ReadDocumentAsync(NameOf(id), cancellationToken) is not { } kept)
        {
            return null;
        }

        int end = kept.AsSpan().IndexOf((byte)'\n');
        string client = JsonSerializer.Deserialize(kept.AsSpan(0, end), TrainerJson.Default.String)!;
        return await AddAsync(id, () => answer(kept.AsMemory(end + 1), client));
    }

    private static string NameOf(string id) => $"jobs/{id}";

    private async Task<Task<RewardsAnswer>> AddAsync(string id, Func<Task<RewardsAnswer>> answer)
    {
        Task<RewardsAnswer>? job;
        List<string> old = [];
        lock (_lock)
        {
            // Two polls at once begin it once.
            if (!_jobs.TryGetValue(id, out job))
            {
                job = answer();
                _jobs.Add(id, job);
                _order.Enqueue(id);
            }

            while (_order.Count > Most)
            {
                old.Add(_order.Dequeue());
                _jobs.Remove(old[^1]);
            }
        }

        foreach (string gone in old)
        {
            await store.DeleteAsync(NameOf(gone), CancellationToken.None);
        }

        return job;
    }
}
