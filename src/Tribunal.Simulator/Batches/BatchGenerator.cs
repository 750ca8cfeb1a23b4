using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tribunal.Rollouts;
using Tribunal.Simulator.Judging;

namespace Tribunal.Simulator.Batches;

/// <summary>
/// Writes batches for the simulated judge. One response of each rollout is right and the others have a flaw; wordings are
/// drawn until the right one also has the highest latent quality, so <c>best</c> agrees with both the text and the judge.
/// Drawing whole rollouts again leaves the spread of qualities as it is.
/// </summary>
public static class BatchGenerator
{
    // The shares of prompts with more than one turn, and of rollouts with a reference answer where the domain has one.
    private const double MultiTurn = 0.15;
    private const double References = 0.25;
    private static readonly string[] Domains = ["math", "code", "chat"];
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Generates a batch, rollout by rollout. The same options give the same batch.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static IEnumerable<Rollout> Generate(BatchOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return Rollouts(options);
    }

    /// <summary>Writes a batch as JSON Lines (UTF-8), a rollout at a time, however many there are.</summary>
    /// <param name="to">Where to; left open.</param>
    /// <param name="options">The batch.</param>
    /// <param name="cancellationToken">Gives up writing.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static async Task WriteAsync(Stream to, BatchOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(to);
        var line = new ArrayBufferWriter<byte>(4096);
        foreach (Rollout rollout in Generate(options))
        {
            line.ResetWrittenCount();
            using (var writer = new Utf8JsonWriter(line, Readable))
            {
                RolloutForm.Write(writer, rollout);
            }

            line.Write("\n"u8);
            await to.WriteAsync(line.WrittenMemory, cancellationToken);
        }
    }

    private static IEnumerable<Rollout> Rollouts(BatchOptions options)
    {
        var engine = new JudgeEngine(new SimulatedJudgeOptions { Seed = options.JudgeSeed });
        for (int i = 0; i < options.Rollouts; i++)
        {
            yield return One(options, engine, i);
        }
    }

    private static Rollout One(BatchOptions options, JudgeEngine engine, int number)
    {
        var random = new SeededRandom(StableHash.Mix(StableHash.Of((ulong)options.Seed, "rollout"), (ulong)number));
        string domain = Domains[number % Domains.Length];
        int n = options.MinResponses + random.Next(options.MaxResponses - options.MinResponses + 1);
        bool multiTurn = random.NextDouble() < MultiTurn;
        bool reference = random.NextDouble() < References;
        Exercise exercise = Exercise.Draw(domain, ref random);
        var texts = new string[n];
        int best;
        do
        {
            for (int i = 0; i < n; i++)
            {
                texts[i] = exercise.Respond(i, options.MinTokens, options.MaxTokens, ref random);
            }

            best = Enumerable.Range(0, n).MaxBy(i => engine.Quality(texts[i]));
        }
        while (best != 0 || texts.Distinct(StringComparer.Ordinal).Count() < n);

        int[] order = [.. Enumerable.Range(0, n)];
        random.Shuffle(order.AsSpan());
        return new Rollout
        {
            Id = $"{options.IdPrefix}-{number:d4}",
            Prompt = multiTurn
                ? [new Message("user", exercise.Greeting), new Message("assistant", exercise.Greeted), new Message("user", exercise.Question)]
                : [new Message("user", exercise.Question)],
            Responses = [.. order.Select(i => new Response(texts[i]))],
            Best = [Array.IndexOf(order, 0)],
            Reference = reference ? exercise.Reference : null,
            Domain = domain,
        };
    }
}
