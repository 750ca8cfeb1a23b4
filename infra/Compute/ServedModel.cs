namespace Tribunal.Infra.Compute;

/// <summary>A model that vLLM serves, and how far it scales.</summary>
public sealed record ServedModel
{
    /// <summary>Hugging Face id, or a path inside a baked image.</summary>
    public required string Model { get; init; }

    /// <summary>Branch, tag or commit; default <c>main</c>. Pin a commit where results must repeat.</summary>
    public string Revision { get; init; } = "main";

    /// <summary>The longest prompt and answer together, in tokens, 512 to 131,072; default 8,192. It decides how much cache a sequence may take.</summary>
    public int MaxModelLength { get; init; } = 8192;

    /// <summary>GPUs that one replica spreads the tensors over, 1 to the profile's GPUs; default 1.</summary>
    public int TensorParallel { get; init; } = 1;

    /// <summary>vLLM's quantisation, e.g. <c>awq</c>, <c>fp8</c>, <c>bitsandbytes</c>; null (default): as the checkpoint is.</summary>
    public string? Quantization { get; init; }

    /// <summary>vLLM's dtype; default <c>auto</c>. A T4 has no bfloat16: <c>half</c>.</summary>
    public string DataType { get; init; } = "auto";

    /// <summary>Sequences that a replica generates at once, 1 to 1,024; default 16. With the replicas it is the slots that the fan-out fills.</summary>
    public int MaxSequences { get; init; } = 16;

    /// <summary>Weights in GPU memory over all its GPUs, in GiB, after quantisation. What doesn't fit is refused before anything is paid.</summary>
    public required double WeightsGiB { get; init; }

    /// <summary>
    /// The checkpoint as it is stored and read, in GiB; 0: as loaded, but four times that for <c>bitsandbytes</c> and twice for
    /// <c>fp8</c>, which quantise what they read in 16 bits.
    /// </summary>
    public double CheckpointGiB { get; init; }

    /// <summary>More arguments for <c>vllm serve</c>; default none.</summary>
    public IReadOnlyList<string> ExtraArguments { get; init; } = [];

    /// <summary>Environment variables of the server; default none. They win over the profile's own.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>An image of its own; null (default): the stack's.</summary>
    public string? Image { get; init; }

    /// <summary>Replicas that always run, 0 to <see cref="MaxReplicas"/>; default 0. Each costs its GPU around the clock.</summary>
    public int MinReplicas { get; init; }

    /// <summary>The most replicas, 1 to 100 and within the subscription's GPU quota; default 1. It bounds what an hour may cost.</summary>
    public int MaxReplicas { get; init; } = 1;

    /// <summary>Seconds without requests until the last replica goes, 60 to 3,600; default 600. A cold start is minutes: short pauses inside a run must not cause one.</summary>
    public int CooldownSeconds { get; init; } = 600;

    /// <summary>
    /// Minutes from the container's start until it must listen, 2 to 40; 0: computed by <see cref="ModelStart"/>. The
    /// start-up probe asks ten times in it, so a start may be noticed a tenth of it late.
    /// </summary>
    public int StartMinutes { get; init; }

    /// <summary>Sequences over all replicas.</summary>
    public int Slots => MaxReplicas * MaxSequences;

    /// <summary>What is kept and read at a start, in GiB.</summary>
    public double StoredGiB => CheckpointGiB > 0 ? CheckpointGiB : WeightsGiB * Quantization switch { "bitsandbytes" => 4, "fp8" => 2, _ => 1 };

    /// <summary>
    /// The threshold of the HTTP scale rule, at least 1. The scaler counts arrivals, the requests of 15 seconds divided by 15,
    /// and not requests in flight: a replica whose <see cref="MaxSequences"/> answers take <paramref name="seconds"/> each is
    /// full at <c>sequences / seconds</c> arrivals per second.
    /// </summary>
    /// <param name="seconds">Seconds per answer, above 0.</param>
    public int ScaleThreshold(double seconds) => Math.Max(1, (int)Math.Floor(MaxSequences / seconds));

    /// <summary>Refuses what can't run on a profile.</summary>
    /// <exception cref="ArgumentException">It can't; the message says what to change.</exception>
    public void Require(GpuProfile profile)
    {
        In(MaxModelLength, 512, 131_072, "maximum model length");
        In(MaxSequences, 1, 1024, "maximum sequences");
        In(MaxReplicas, 1, 100, "maximum replicas");
        In(MinReplicas, 0, MaxReplicas, "minimum replicas");
        In(CooldownSeconds, 60, 3600, "cooldown in seconds");
        In(StartMinutes == 0 ? 2 : StartMinutes, 2, ModelStart.MostMinutes, "start in minutes");
        In(TensorParallel, 1, profile.Gpus, $"tensor parallel size on {profile.Name}");
        double room = profile.GpuMemoryGiB * TensorParallel * GpuProfile.UsableShare;
        if (WeightsGiB <= 0 || WeightsGiB >= room)
        {
            throw new ArgumentException(
                $"{Model}: weights of {WeightsGiB} GiB leave no room for a cache in {room:0.#} usable GiB of {profile.Name} × {TensorParallel}: quantise, or take a larger profile");
        }

        if (!profile.Bfloat16 && DataType is not ("half" or "float16" or "float32"))
        {
            throw new ArgumentException($"{Model}: {profile.Name} has no bfloat16, which '{DataType}' would take for most checkpoints: set the data type to half");
        }

        void In(int value, int least, int most, string what)
        {
            if (value < least || value > most)
            {
                throw new ArgumentException($"{Model}: {what} is {value}, allowed are {least} to {most}");
            }
        }
    }

    /// <summary>The command line of the container.</summary>
    /// <param name="port">Where it listens.</param>
    public IReadOnlyList<string> Arguments(int port)
    {
        List<string> arguments =
        [
            Model, "--revision", Revision, "--served-model-name", Model, "--host", "0.0.0.0", "--port", $"{port}",
            "--max-model-len", $"{MaxModelLength}", "--max-num-seqs", $"{MaxSequences}", "--tensor-parallel-size", $"{TensorParallel}",
            "--dtype", DataType,
        ];
        if (Quantization is { } quantization)
        {
            arguments.AddRange(["--quantization", quantization]);
        }

        arguments.AddRange(ExtraArguments);
        return arguments;
    }
}
