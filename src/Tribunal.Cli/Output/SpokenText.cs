using System.Text;
using Tribunal.Runs.Resuming;

namespace Tribunal.Cli.Output;

/// <summary>
/// What a command says in words, to a terminal that may be closed, a log whose disk may be full, or a descriptor that whoever started it has
/// closed. Work that is paid for does not end because nobody hears of it: such words are dropped, and the end of the command says so.
/// Results (<c>--json</c>, <c>-o -</c>) do not go this way: they are whole or an error.
/// </summary>
internal sealed class SpokenText(TextWriter inner) : TextWriter
{
    private static SpokenText? _output;

    /// <inheritdoc/>
    public override Encoding Encoding => inner.Encoding;

    /// <summary>Why words were dropped, the first time; null while none were.</summary>
    public string? Lost { get; private set; }

    /// <summary>Sends what this process says to its two streams this way.</summary>
    public static void Begin()
    {
        // Console results go where they went before.
        Results.KeepOutput();
        _output = new SpokenText(Console.Out);
        Console.SetOut(_output);
        Console.SetError(new SpokenText(Console.Error));
    }

    /// <summary>Where words for standard output were dropped, says so.</summary>
    /// <returns>The exit code, which is another where a command that went well was not heard.</returns>
    public static async Task<int> EndAsync(int code)
    {
        if (_output?.Lost is not { } why)
        {
            return code;
        }

        await Console.Error.WriteLineAsync($"tribunal: not all could be printed, since standard output can't be written to ({why}); files are as they were to be");
        return code == ExitCodes.Ok ? ExitCodes.Unreachable : code;
    }

    /// <inheritdoc/>
    public override void Write(char value) => Say(value, static (writer, value) => writer.Write(value));

    /// <inheritdoc/>
    public override void Write(string? value) => Say(value, static (writer, value) => writer.Write(value));

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Say((buffer, index, count), static (writer, part) => writer.Write(part.buffer, part.index, part.count));

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Say(value, static (writer, value) => writer.WriteLine(value));

    /// <inheritdoc/>
    public override void WriteLine() => Say(0, static (writer, _) => writer.WriteLine());

    /// <inheritdoc/>
    public override void Flush() => Say(0, static (writer, _) => writer.Flush());

    private void Say<T>(T value, Action<TextWriter, T> write)
    {
        if (Lost is not null)
        {
            return;
        }

        try
        {
            write(inner, value);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // A closed descriptor is refused as if it were a file without permission.
            Lost = exception is UnauthorizedAccessException ? "it is closed" : exception.Message;
        }
    }
}
