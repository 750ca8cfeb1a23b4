using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Tribunal.Rollouts;

namespace Tribunal.RewardServer.Judging;

/// <summary>
/// Names made of what they name: 128 bits of SHA-256 over lengths and UTF-8 texts. Whoever writes a response can't make it
/// collide with another one and collect that one's reward.
/// </summary>
internal static class ContentKey
{
    /// <summary>A prompt with its reference answer and its rubric.</summary>
    public static UInt128 OfPrompt(IReadOnlyList<Message> prompt, string? reference, Rubric? rubric)
    {
        byte[] asked = OfTexts(prompt, reference);
        return rubric is null ? Head(asked) : Head(SHA256.HashData([.. asked, .. RubricForm.Bytes(rubric)]));
    }

    private static byte[] OfTexts(IReadOnlyList<Message> prompt, string? reference)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int turn = 0; turn < prompt.Count; turn++)
        {
            Add(hash, prompt[turn].Role);
            Add(hash, ToolTurns.Text(prompt, turn));
        }

        if (reference is not null)
        {
            Add(hash, "reference");
            Add(hash, reference);
            Add(hash, "");
        }

        return hash.GetHashAndReset();
    }

    /// <summary>A response; a text that spells a trajectory out is another one.</summary>
    public static UInt128 OfResponse(Response response)
    {
        if (!Conversation.IsTrajectory(response.Turns))
        {
            return Head(SHA256.HashData(Encoding.UTF8.GetBytes(response.Content)));
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, "trajectory");
        Add(hash, response.Content);
        return Head(hash.GetHashAndReset());
    }

    /// <summary>A rollout: the prompt and a set of responses, whatever the order they came in.</summary>
    /// <param name="prompt">The prompt's key.</param>
    /// <param name="responses">The responses' keys, ascending, each once.</param>
    /// <param name="schedule">Who meets whom, where it is another schedule than the server's; empty otherwise.</param>
    public static string OfRollout(UInt128 prompt, IReadOnlyList<UInt128> responses, string schedule = "")
    {
        byte[] keys = new byte[16 * (responses.Count + 1)];
        BinaryPrimitives.WriteUInt128BigEndian(keys, prompt);
        for (int i = 0; i < responses.Count; i++)
        {
            BinaryPrimitives.WriteUInt128BigEndian(keys.AsSpan(16 * (i + 1)), responses[i]);
        }

        return $"c-{Head(SHA256.HashData([.. keys, .. Encoding.UTF8.GetBytes(schedule)])):x32}";
    }

    private static void Add(IncrementalHash hash, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }

    private static UInt128 Head(ReadOnlySpan<byte> hash) => BinaryPrimitives.ReadUInt128BigEndian(hash);
}
