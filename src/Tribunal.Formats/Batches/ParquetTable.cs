using System.Globalization;
using System.Numerics;
using Parquet;
using Parquet.Data;
using Parquet.File.Values.Primitives;
using Parquet.Schema;

namespace Tribunal.Formats.Batches;

/// <summary>
/// The rows of one row group of a Parquet file as dictionaries, lists and values, put together from the columns by their levels.
/// The library's own way drops nulls and empty lists inside lists, and compiles code while running, which native code can't.
/// </summary>
internal sealed class ParquetTable
{
    private static readonly Dictionary<Type, Func<DataField, Column>> Columns = new()
    {
        [typeof(bool)] = static f => new Column<bool>(f),
        [typeof(sbyte)] = static f => new Column<sbyte>(f),
        [typeof(byte)] = static f => new Column<byte>(f),
        [typeof(short)] = static f => new Column<short>(f),
        [typeof(ushort)] = static f => new Column<ushort>(f),
        [typeof(int)] = static f => new Column<int>(f),
        [typeof(uint)] = static f => new Column<uint>(f),
        [typeof(long)] = static f => new Column<long>(f),
        [typeof(ulong)] = static f => new Column<ulong>(f),
        [typeof(float)] = static f => new Column<float>(f),
        [typeof(double)] = static f => new Column<double>(f),
        [typeof(decimal)] = static f => new Column<decimal>(f),
        [typeof(BigDecimal)] = static f => new Column<BigDecimal>(f),
        [typeof(BigInteger)] = static f => new Column<BigInteger>(f),
        [typeof(DateTime)] = static f => new Column<DateTime>(f),
        [typeof(DateOnly)] = static f => new Column<DateOnly>(f),
        [typeof(Interval)] = static f => new Column<Interval>(f),
        [typeof(Guid)] = static f => new Column<Guid>(f),
        [typeof(ReadOnlyMemory<char>)] = static f => new Column<ReadOnlyMemory<char>>(f, static v => new string(v.Span)),
        [typeof(ReadOnlyMemory<byte>)] = static f => new Column<ReadOnlyMemory<byte>>(f, static v => v.ToArray()),
    };

    private readonly List<Column> _columns = [];
    private readonly Struct _root;
    private readonly long _count;

    private ParquetTable(IEnumerable<Field> fields, long count)
    {
        _root = new Struct(0, [.. fields.Select(f => (f.Name, Of(f)))]);
        _count = count;
    }

    /// <summary>Decodes a row group's columns, of those that are read: what nobody asks for may be large, or of a kind that can't be decoded.</summary>
    /// <exception cref="BatchFormatException">A column is written in a way that is not supported.</exception>
    public static async Task<ParquetTable> ReadAsync(ParquetReader reader, int group, Func<string, bool> reads, CancellationToken cancellationToken)
    {
        using ParquetRowGroupReader source = reader.OpenRowGroupReader(group);
        Field[] read = [.. reader.Schema.Fields.Where(field => reads(field.Name))];
        if (!Array.Exists(read, static field => FieldNames.Prompts.Contains(field.Name, StringComparer.Ordinal)))
        {
            read = [.. reader.Schema.Fields];
        }

        var table = new ParquetTable(read, source.RowCount);
        foreach (Column column in table._columns)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                await column.FillAsync(source, cancellationToken);
            }
            catch (Exception exception) when (exception is NotSupportedException or NotImplementedException)
            {
                throw new BatchFormatException($"the Parquet file is whole, but its column {column.Name} is not read: {column.Writing(source)}; write it again with data pages of version 1.0, zstd or Snappy, and plain or dictionary encoding", exception);
            }
        }

        return table;
    }

    /// <summary>The rows, once. What is null is left out.</summary>
    /// <exception cref="InvalidDataException">The columns don't make rows.</exception>
    public IEnumerable<Dictionary<string, object?>> Rows()
    {
        for (long row = 0; row < _count; row++)
        {
            yield return (Dictionary<string, object?>)_root.Read()!;
            if (_columns.Exists(static c => c.Repetition != 0))
            {
                throw new InvalidDataException("columns have different rows");
            }
        }
    }

    private Node Of(Field field)
    {
        switch (field)
        {
            case DataField data:
                Column column = Columns.TryGetValue(data.ClrType, out Func<DataField, Column>? make) ? make(data) : throw new BatchFormatException($"the Parquet file's column {data.Path} is of a type that is not read; leave it out");
                _columns.Add(column);
                return data.IsArray ? new List(data.MaxDefinitionLevel, data.MaxRepetitionLevel, column) : column;
            case ListField { Item: DataField { IsArray: true } item }:
                return Of(item);
            case ListField list:
                return new List(list.MaxDefinitionLevel, list.MaxRepetitionLevel, Of(list.Item));
            case MapField map:
                return new Map(map.MaxDefinitionLevel, map.MaxRepetitionLevel, Of(map.Key), Of(map.Value));
            case StructField parts:
                return new Struct(parts.MaxDefinitionLevel, [.. parts.Fields.Select(f => (f.Name, Of(f)))]);
            default:
                throw new BatchFormatException($"the Parquet file's column {field.Name} is of a type that is not read; leave it out");
        }
    }

    /// <summary>A field. Its columns stand at what is to be read next, and move on together.</summary>
    private abstract class Node
    {
        /// <summary>Its first column: the levels above a field are the same in all of its columns.</summary>
        public abstract Column First { get; }

        public abstract object? Read();

        public abstract void Skip();
    }

    private abstract class Column : Node
    {
        public override Column First => this;

        /// <summary>How much of the path to the next value there is.</summary>
        public abstract int Definition { get; }

        /// <summary>Which list the next value goes on with; 0 where a row starts, and at the end.</summary>
        public abstract int Repetition { get; }

        public abstract string Name { get; }

        public abstract Task FillAsync(ParquetRowGroupReader source, CancellationToken cancellationToken);

        /// <summary>How the column is compressed and encoded, for people.</summary>
        public abstract string Writing(ParquetRowGroupReader source);
    }

    private sealed class Column<T>(DataField field, Func<T, object>? box = null) : Column
        where T : struct
    {
        private T[] _values = [];
        private int[]? _definitions;
        private int[]? _repetitions;
        private int _count;
        private int _next;
        private int _nextValue;

        public override string Name { get; } = field.Path.ToString();

        public override int Definition => _definitions is null ? 0 : _definitions[_next];

        public override int Repetition => _repetitions is null || _next == _count ? 0 : _repetitions[_next];

        public override async Task FillAsync(ParquetRowGroupReader source, CancellationToken cancellationToken)
        {
            _count = checked((int)(source.GetMetadata(field)?.MetaData?.NumValues ?? throw new InvalidDataException($"no column {field.Path}")));
            _values = new T[_count];
            _definitions = field.MaxDefinitionLevel > 0 ? new int[_count] : null;
            _repetitions = field.MaxRepetitionLevel > 0 ? new int[_count] : null;
            // A null array would be memory of length 0.
            await source.ReadRawAsync<T>(field, _values, _definitions?.AsMemory(), _repetitions?.AsMemory(), cancellationToken);
        }

        public override string Writing(ParquetRowGroupReader source) =>
            source.GetMetadata(field)?.MetaData is { } metadata
                ? $"{(field.MaxRepetitionLevel > 0 ? "lists, perhaps in pages of version 2, " : "")}compression {metadata.Codec}, encodings {string.Join(", ", metadata.Encodings)}"
                : "its metadata is missing";

        public override object? Read()
        {
            bool any = Definition == field.MaxDefinitionLevel;
            _next++;
            if (!any)
            {
                return null;
            }

            T value = _values[_nextValue++];
            return box is null ? value : box(value);
        }

        public override void Skip() => _next++;
    }

    private sealed class Struct(int level, (string Name, Node Node)[] parts) : Node
    {
        public override Column First => parts[0].Node.First;

        public override object? Read()
        {
            if (First.Definition < level)
            {
                Skip();
                return null;
            }

            var all = new Dictionary<string, object?>(parts.Length);
            foreach ((string name, Node node) in parts)
            {
                if (node.Read() is { } value)
                {
                    all[name] = value;
                }
            }

            return all;
        }

        public override void Skip()
        {
            foreach ((_, Node node) in parts)
            {
                node.Skip();
            }
        }
    }

    private sealed class List(int level, int repetition, Node item) : Node
    {
        public override Column First => item.First;

        public override object? Read()
        {
            int definition = First.Definition;
            if (definition < level)
            {
                Skip();
                return definition < level - 1 ? null : Array.Empty<object?>();
            }

            var all = new List<object?>();
            do
            {
                all.Add(item.Read());
            }
            while (First.Repetition >= repetition);
            return all;
        }

        public override void Skip() => item.Skip();
    }

    private sealed class Map(int level, int repetition, Node key, Node value) : Node
    {
        public override Column First => key.First;

        public override object? Read()
        {
            int definition = First.Definition;
            if (definition < level - 1)
            {
                Skip();
                return null;
            }

            var all = new Dictionary<string, object?>();
            if (definition < level)
            {
                Skip();
                return all;
            }

            do
            {
                string name = Convert.ToString(key.Read(), CultureInfo.InvariantCulture) ?? throw new InvalidDataException("a map has a key that is null");
                all[name] = value.Read();
            }
            while (First.Repetition >= repetition);
            return all;
        }

        public override void Skip()
        {
            key.Skip();
            value.Skip();
        }
    }
}
