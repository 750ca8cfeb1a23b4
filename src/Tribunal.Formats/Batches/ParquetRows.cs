using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Parquet;

namespace Tribunal.Formats.Batches;

/// <summary>The rows of a Parquet file as JSON objects, one row group in memory at a time.</summary>
internal static class ParquetRows
{
    private static readonly ParquetOptions Options = new() { TreatByteArrayAsString = true };

    /// <summary>Reads rows in order; the bytes are valid until the next row is asked for.</summary>
    /// <param name="stream">The file; it can seek.</param>
    /// <param name="reads">Which columns are decoded, by their names. Where it takes no column that can be a prompt, all of them
    /// are, so that a record can be refused by the names of what it has.</param>
    /// <exception cref="BatchFormatException">The file is broken, not supported, or has a row group larger than the limit.</exception>
    public static async IAsyncEnumerable<RawRecord> ReadAsync(
        Stream stream, BatchLimits limits, Func<string, bool> reads, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        int groups = await WithReaderAsync(stream, limits, 0, reader => Task.FromResult(CheckedGroupCount(reader, limits)), cancellationToken);
        var json = new ArrayBufferWriter<byte>(16 * 1024);
        await using var writer = new Utf8JsonWriter(json, new JsonWriterOptions { SkipValidation = true });
        long number = 0;
        for (int group = 0; group < groups; group++)
        {
            foreach (Dictionary<string, object?> row in await WithReaderAsync(stream, limits, number, ReadGroupAsync, cancellationToken))
            {
                number++;
                json.ResetWrittenCount();
                writer.Reset();
                Write(writer, row);
                writer.Flush();
                int length = json.WrittenCount;
                yield return new RawRecord(number, -1, length, length > limits.RecordBytes ? default : json.WrittenMemory);
            }

            async Task<List<Dictionary<string, object?>>> ReadGroupAsync(ParquetReader reader) => [.. (await ParquetTable.ReadAsync(reader, group, reads, cancellationToken)).Rows()];
        }
    }

    private static int CheckedGroupCount(ParquetReader reader, BatchLimits limits)
    {
        long largest = reader.Metadata?.RowGroups is { Count: > 0 } all ? all.Max(static g => g.TotalByteSize) : 0;
        return largest <= limits.RowGroupBytes ? reader.RowGroupCount : throw new BatchFormatException(
            $"the Parquet file has a row group of {largest} bytes, more than {limits.RowGroupBytes}; write it with smaller row groups");
    }

    private static async Task<T> WithReaderAsync<T>(Stream stream, BatchLimits limits, long rowsBefore, Func<ParquetReader, Task<T>> read, CancellationToken cancellationToken)
    {
        try
        {
            // The decoder may never come back, nor look at the token; then its thread is given up.
            stream.Position = 0;
            return await Task.Run(DecodeAsync, cancellationToken).WaitAsync(limits.ParquetTime, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new BatchFormatException($"the Parquet file can't be decoded in {limits.ParquetTime.TotalSeconds:0.#} s: it is broken or forged", exception);
        }
        catch (Exception exception) when (IsBroken(exception))
        {
            throw Broken(exception, rowsBefore);
        }

        async Task<T> DecodeAsync()
        {
            await using ParquetReader reader = await ParquetReader.CreateAsync(stream, Options, leaveStreamOpen: true, cancellationToken: cancellationToken);
            return await read(reader);
        }
    }

    // The library meets broken bytes with whatever they make it trip over, absurd lengths with OutOfMemoryException.
    private static bool IsBroken(Exception exception) => exception is not (OperationCanceledException or BatchFormatException);

    // Its words name types of this runtime, which say nothing to people.
    private static BatchFormatException Broken(Exception exception, long rows) => exception is NotSupportedException or NotImplementedException
        ? new($"the Parquet file is whole, but written in a way that is not read, after row {rows}: write it again with zstd or Snappy and the encodings of Parquet 1.0", exception)
        : new($"the Parquet file is broken or cut off after row {rows}", exception);

    private static void Write(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case double number when double.IsFinite(number):
                writer.WriteNumberValue(number);
                break;
            case float number when float.IsFinite(number):
                writer.WriteNumberValue(number);
                break;
            case double or float:
                writer.WriteNullValue();
                break;
            case sbyte or byte or short or ushort or int or uint or long:
                writer.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case ulong number:
                writer.WriteNumberValue(number);
                break;
            case decimal number:
                writer.WriteNumberValue(number);
                break;
            case byte[] bytes:
                writer.WriteBase64StringValue(bytes);
                break;
            case DateTime time:
                writer.WriteStringValue(time);
                break;
            case IDictionary map:
                writer.WriteStartObject();
                foreach (DictionaryEntry entry in map)
                {
                    writer.WritePropertyName(Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!);
                    Write(writer, entry.Value);
                }

                writer.WriteEndObject();
                break;
            case IEnumerable list:
                writer.WriteStartArray();
                foreach (object? item in list)
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            default:
                writer.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }
}
