namespace Tribunal.Formats.Lines;

/// <summary>Files that appear whole or not at all.</summary>
internal static class WholeFile
{
    /// <summary>Writes one beside its place, and puts it there once it is written.</summary>
    public static async Task<T> WriteAsync<T>(string path, Func<FileStream, Task<T>> write)
    {
        string temporary = path + ".tmp~";
        try
        {
            T result;
            await using (FileStream file = new(temporary, FileMode.Create, FileAccess.ReadWrite))
            {
                result = await write(file);
            }

            File.Move(temporary, path, overwrite: true);
            return result;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>The same, of bytes that are there.</summary>
    public static Task WriteAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => WriteAsync(path, async file =>
    {
        await file.WriteAsync(content, cancellationToken);
        return true;
    });
}
