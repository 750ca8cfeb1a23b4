using System.Text;
using System.Threading.Channels;

namespace Tribunal.Benchmarks;

/// <summary>What a script would do: post each line of a file, so many at a time, and write each answer as a line.</summary>
internal static class BareLoop
{
    public static async Task RunAsync(Uri endpoint, string bodies, string output, int concurrency, CancellationToken cancellationToken)
    {
        using var client = new HttpClient();
        await using var writer = new StreamWriter(output);
        using var writing = new SemaphoreSlim(1);
        var lines = Channel.CreateBounded<string>(concurrency);
        Task[] workers = [.. Enumerable.Range(0, concurrency).Select(_ => Task.Run(async () =>
        {
            await foreach (string body in lines.Reader.ReadAllAsync(cancellationToken))
            {
                using var content = new StringContent(body, Encoding.UTF8, "application/json");
                using HttpResponseMessage response = await client.PostAsync(endpoint, content, cancellationToken);
                response.EnsureSuccessStatusCode();
                string answer = await response.Content.ReadAsStringAsync(cancellationToken);
                await writing.WaitAsync(cancellationToken);
                try
                {
                    await writer.WriteLineAsync(answer.AsMemory().TrimEnd(), cancellationToken);
                }
                finally
                {
                    writing.Release();
                }
            }
        }, cancellationToken))];
        await foreach (string body in File.ReadLinesAsync(bodies, cancellationToken))
        {
            await lines.Writer.WriteAsync(body, cancellationToken);
        }

        lines.Writer.Complete();
        await Task.WhenAll(workers);
    }
}
