using System.Buffers;
using System.Collections;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Parquet;
using Parquet.Schema;

namespace Tribunal.Formats.TrainingSets;

/// <summary>
/// Writes rows as Parquet: columns as the library's serializer makes them, but found through the JSON contract, for the
/// library compiles code while running, which native code can't.
/// </summary>
internal sealed class ParquetColumns<TRow>
    where TRow : class
{
    private readonly List<Leaf> _leaves = [];
    private readonly (JsonPropertyInfo Property, Shape Shape)[] _fields;
    private readonly ParquetSchema _schema;

    /// <param name="writes">Which of its fields are columns; null for all.</param>
    public ParquetColumns(JsonTypeInfo<TRow> type, Func<string, bool>? writes = null)
    {
        _fields = Fields(type, 1, writes);
        _schema = new ParquetSchema(_fields.Select(static f => f.Shape.Field));
    }

    /// <summary>Writes a row group; <see cref="ParquetOptions.Append"/> after the first.</summary>
    public async Task WriteAsync(IEnumerable<TRow> rows, Stream output, ParquetOptions options, CancellationToken cancellationToken)
    {
        foreach (TRow row in rows)
        {
            foreach ((JsonPropertyInfo property, Shape shape) in _fields)
            {
                shape.Write(property.Get!(row), 0, 0);
            }
        }

        await using ParquetWriter writer = await ParquetWriter.CreateAsync(_schema, output, options, options.Append, cancellationToken);
        using ParquetRowGroupWriter group = writer.CreateRowGroup();
        foreach (Leaf leaf in _leaves)
        {
            await leaf.FlushAsync(group, cancellationToken);
        }

        group.CompleteValidate();
    }

    // Columns of fields without an order come first: so the library orders them.
    private (JsonPropertyInfo Property, Shape Shape)[] Fields(JsonTypeInfo type, int level, Func<string, bool>? writes = null) =>
        [.. type.Properties.Where(p => writes?.Invoke(p.Name) != false).OrderBy(static p => p.Order == 0 ? int.MinValue : p.Order).Select(p => (p, Of(p.Name, p.PropertyType, type.Options, level)))];

    private Shape Of(string name, Type type, JsonSerializerOptions contracts, int level)
    {
        if (Leaf.Of(name, type) is { } leaf)
        {
            _leaves.Add(leaf);
            return leaf;
        }

        JsonTypeInfo contract = contracts.GetTypeInfo(type);
        return contract.Kind switch
        {
            JsonTypeInfoKind.Enumerable => new List(name, Of(ListField.ElementName, contract.ElementType!, contracts, level + 1), level),
            JsonTypeInfoKind.Object => new Struct(name, Fields(contract, level)),
            _ => throw new NotSupportedException($"{type} can't be a column"),
        };
    }

    private abstract class Shape
    {
        public abstract Field Field { get; }

        /// <summary>Takes a value to the columns.</summary>
        /// <param name="repetition">Which list it goes on with; 0 for the first of a row.</param>
        /// <param name="definition">How much of the path above it there is.</param>
        public abstract void Write(object? value, int repetition, int definition);

        /// <summary>There is nothing at <paramref name="definition"/>.</summary>
        public abstract void Skip(int repetition, int definition);
    }

    private abstract class Leaf : Shape
    {
        public static Leaf? Of(string name, Type type) =>
            type == typeof(string) ? new Leaf<ReadOnlyMemory<char>>(name, true, static v => ((string)v).AsMemory())
            : type == typeof(bool) ? new Leaf<bool>(name, false, static v => (bool)v)
            : type == typeof(int) || type == typeof(int?) ? new Leaf<int>(name, type != typeof(int), static v => (int)v)
            : type == typeof(long) || type == typeof(long?) ? new Leaf<long>(name, type != typeof(long), static v => (long)v)
            : type == typeof(double) || type == typeof(double?) ? new Leaf<double>(name, type != typeof(double), static v => (double)v)
            : null;

        public abstract Task FlushAsync(ParquetRowGroupWriter group, CancellationToken cancellationToken);
    }

    private sealed class Leaf<T>(string name, bool optional, Func<object, T> unbox) : Leaf
        where T : struct
    {
        private readonly DataField _field = new(name, typeof(T), optional);
        private readonly ArrayBufferWriter<T> _values = new();
        private readonly ArrayBufferWriter<int> _definitions = new();
        private readonly ArrayBufferWriter<int> _repetitions = new();

        public override Field Field => _field;

        public override void Write(object? value, int repetition, int definition)
        {
            if (value is not null)
            {
                Add(_values, unbox(value));
            }

            Skip(repetition, optional && value is not null ? definition + 1 : definition);
        }

        public override void Skip(int repetition, int definition)
        {
            Add(_definitions, definition);
            Add(_repetitions, repetition);
        }

        public override async Task FlushAsync(ParquetRowGroupWriter group, CancellationToken cancellationToken)
        {
            await group.WriteAllPartsAsync(
                _field,
                _values.WrittenMemory,
                _field.MaxDefinitionLevel > 0 ? _definitions.WrittenMemory : default(ReadOnlyMemory<int>?),
                _field.MaxRepetitionLevel > 0 ? _repetitions.WrittenMemory : default(ReadOnlyMemory<int>?),
                cancellationToken);
            _values.Clear();
            _definitions.ResetWrittenCount();
            _repetitions.ResetWrittenCount();
        }

        private static void Add<TItem>(ArrayBufferWriter<TItem> all, TItem item)
        {
            all.GetSpan(1)[0] = item;
            all.Advance(1);
        }
    }

    private sealed class Struct(string name, (JsonPropertyInfo Property, Shape Shape)[] parts) : Shape
    {
        public override Field Field { get; } = new StructField(name, [.. parts.Select(static p => p.Shape.Field)]);

        public override void Write(object? value, int repetition, int definition)
        {
            if (value is null)
            {
                Skip(repetition, definition);
                return;
            }

            foreach ((JsonPropertyInfo property, Shape shape) in parts)
            {
                shape.Write(property.Get!(value), repetition, definition + 1);
            }
        }

        public override void Skip(int repetition, int definition)
        {
            foreach ((_, Shape shape) in parts)
            {
                shape.Skip(repetition, definition);
            }
        }
    }

    private sealed class List(string name, Shape item, int level) : Shape
    {
        public override Field Field { get; } = new ListField(name, item.Field);

        public override void Write(object? value, int repetition, int definition)
        {
            if (value is null)
            {
                Skip(repetition, definition);
                return;
            }

            bool any = false;
            foreach (object? one in (IEnumerable)value)
            {
                item.Write(one, any ? level : repetition, definition + 2);
                any = true;
            }

            if (!any)
            {
                Skip(repetition, definition + 1);
            }
        }

        public override void Skip(int repetition, int definition) => item.Skip(repetition, definition);
    }
}
