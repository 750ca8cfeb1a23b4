namespace Tribunal.Formats.Lines;

/// <summary>Files that appear whole or not at all.</summary>
internal static class WholeFile
{
    /// <summary>Writes one beside its place, and puts it there once it is written.</summary>
    public static async Task<T> WriteAsync<T>(string path, Func<FileStream, Task<T>> write)
    {
        // A device is written to; a file that is moved to its name would take its place.
        if (Path.GetFullPath(path).StartsWith("/dev/", StringComparison.Ordinal))
        {
            await using FileStream device = new(path, FileMode.Open, FileAccess.ReadWrite);
            return await write(device);
        }

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
