using System.Text.Json;
using System.Text.Unicode;

namespace LongContext.Checkpoints;

/// <summary>
/// Reads the JSON header of a safetensors file and checks it against the file: after <see cref="Parse"/> every tensor lies
/// inside the data section, none overlaps another, and no byte belongs to nobody.
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>The limit the format's reference reader sets: a header is names and numbers, never data.</summary>
    public const long MaximumBytes = 100_000_000;

    /// <summary>The key that is not a tensor.</summary>
    public const string MetadataKey = "__metadata__";

    private readonly string _path;
    private readonly Dictionary<string, TensorInfo> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);

    private SafetensorsHeader(string path) => _path = path;

    public IReadOnlyDictionary<string, TensorInfo> Tensors => _tensors.AsReadOnly();

    public IReadOnlyDictionary<string, string> Metadata => _metadata.AsReadOnly();

    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, string path, long dataBytes)
    {
        SafetensorsHeader header = new(path);
        if (json.IsEmpty || json[0] != (byte)'{')
        {
            throw header.Fault($"the header must begin with '{{', found {(json.IsEmpty ? "nothing" : $"byte 0x{json[0]:X2}")}");
        }

        // The JSON reader checks text only where it is unescaped; names must be sound everywhere.
        if (!Utf8.IsValid(json)) throw header.Fault("the header is not valid UTF-8");
        try
        {
            header.Read(json);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: text escaped to half a surrogate pair.
            throw new CheckpointFormatException($"{path}: the header is not valid JSON: {exception.Message}", exception);
        }

        header.CheckLayout(dataBytes);
        return header;
    }

    private void Read(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 8 });
        reader.Read();
        while (ReadName(ref reader) is { } name)
        {
            reader.Read();
            if (name == MetadataKey) ReadMetadata(ref reader);
            else if (!_tensors.TryAdd(name, ReadTensor(ref reader, name))) throw Fault($"tensor '{name}' occurs twice");
        }

        // Anything but white space after the object is an error that the reader reports.
        reader.Read();
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (_metadata.Count > 0) throw Fault($"'{MetadataKey}' occurs twice");
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Fault($"'{MetadataKey}' must map text to text, found {reader.TokenType}");
        }

        while (ReadName(ref reader) is { } key)
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
            {
                throw Fault($"'{MetadataKey}' must map text to text, found {reader.TokenType} at '{key}' "
                    + "(a tensor cannot have that name)");
            }

            if (!_metadata.TryAdd(key, reader.GetString()!)) throw Fault($"'{MetadataKey}' holds '{key}' twice");
        }
    }

    private TensorInfo ReadTensor(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Fault($"tensor '{name}' must be described by an object, found {reader.TokenType}");
        }

        TensorDataType? dataType = null;
        List<long>? shape = null, offsets = null;
        while (ReadName(ref reader) is { } field)
        {
            reader.Read();
            switch (field)
            {
                case "dtype" when dataType is null:
                    dataType = ReadDataType(ref reader, name);
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref reader, name, field);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref reader, name, field);
                    break;
                case "dtype" or "shape" or "data_offsets":
                    throw Fault($"tensor '{name}' has field '{field}' twice");
                default:
                    throw Fault($"tensor '{name}' has unknown field '{field}', expected dtype, shape and data_offsets");
            }
        }

        return Check(
            name,
            dataType ?? throw Missing(name, "dtype"),
            shape ?? throw Missing(name, "shape"),
            offsets ?? throw Missing(name, "data_offsets"));
    }

    private TensorInfo Check(string name, TensorDataType dataType, List<long> shape, List<long> offsets)
    {
        if (offsets.Count != 2) throw Fault($"tensor '{name}' has {offsets.Count} data_offsets, expected 2: begin and end");
        (long begin, long end) = (offsets[0], offsets[1]);
        if (begin < 0 || end < begin) throw Fault($"tensor '{name}' has data_offsets [{begin}, {end}], expected 0 <= begin <= end");
        if (TensorShape.TryGetByteLength(dataType, shape) is not { } bytes)
        {
            throw Fault($"tensor '{name}' has shape {TensorShape.ToText(shape)}, expected sizes of at least 0 that fit in memory");
        }

        if (bytes != end - begin)
        {
            throw Fault($"tensor '{name}' has {end - begin} bytes at data_offsets [{begin}, {end}], expected {bytes} for shape "
                + $"{TensorShape.ToText(shape)} of {dataType.SafetensorsName()}");
        }

        return new TensorInfo(name, dataType, shape.AsReadOnly(), begin, bytes);
    }

    /// <summary>The tensors must tile the data section exactly.</summary>
    private void CheckLayout(long dataBytes)
    {
        long next = 0;
        string previous = "the start of the data";
        foreach (TensorInfo tensor in _tensors.Values.OrderBy(t => t.Offset).ThenBy(t => t.ByteLength))
        {
            // Offset + ByteLength is the header's end offset, so it cannot overflow.
            long end = tensor.Offset + tensor.ByteLength;
            if (end > dataBytes)
            {
                throw Fault($"tensor '{tensor.Name}' ends at byte {end} of the data, which has only {dataBytes} bytes (is the file truncated?)");
            }

            if (tensor.Offset < next) throw Fault($"tensor '{tensor.Name}' at byte {tensor.Offset} overlaps {previous}, which ends at {next}");
            if (tensor.Offset > next) throw Fault($"bytes {next} to {tensor.Offset} of the data, after {previous}, belong to no tensor");
            next = end;
            previous = $"tensor '{tensor.Name}'";
        }

        if (next != dataBytes) throw Fault($"bytes {next} to {dataBytes} of the data, after {previous}, belong to no tensor");
    }

    private TensorDataType ReadDataType(ref Utf8JsonReader reader, string name)
    {
        string? found = reader.TokenType == JsonTokenType.String ? reader.GetString() : reader.TokenType.ToString();
        return TensorDataTypeExtensions.TryParse(found!, out TensorDataType dataType)
            ? dataType
            : throw Fault($"tensor '{name}' has dtype '{found}', expected one of {TensorDataTypeExtensions.KnownNames}");
    }

    private List<long> ReadNumbers(ref Utf8JsonReader reader, string name, string field)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw Fault($"tensor '{name}' has {reader.TokenType} as {field}, expected an array of whole numbers");
        }

        List<long> numbers = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number))
            {
                throw Fault($"tensor '{name}' has {Describe(reader)} in {field}, expected whole numbers of at most 63 bits");
            }

            numbers.Add(number);
        }

        return numbers;
    }

    private static string Describe(Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number ? System.Text.Encoding.UTF8.GetString(reader.ValueSpan) : reader.TokenType.ToString();

    /// <summary>The next property's name, or null at the end of the object.</summary>
    private static string? ReadName(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.PropertyName ? reader.GetString() : null;
    }

    private CheckpointFormatException Missing(string name, string field) => Fault($"tensor '{name}' lacks field '{field}'");

    private CheckpointFormatException Fault(string what) => new($"{_path}: {what}.");
}
