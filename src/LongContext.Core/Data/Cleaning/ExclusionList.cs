using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Checkpoints;
using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>Origins of records to leave out, each with the reason.</summary>
/// <remarks>
/// On disk one JSON object a line: <c>{"path":"books.jsonl","number":7,"reason":"the same as books.jsonl, line 3"}</c>, with a <c>unit</c> where it
/// is not a line. Records are the same when path and number are; paths are kept and compared as the readers gave them.
/// </remarks>
[SuppressMessage("Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "It is a list to its users.")]
public sealed class ExclusionList
{
    private static readonly string DefaultUnit = new RecordOrigin("", 0).Unit;

    private readonly Dictionary<(string Path, long Number), string> reasons = [];
    private readonly List<RecordOrigin> order = [];

    /// <summary>How many origins there are.</summary>
    public int Count => order.Count;

    /// <summary>The origins, in the order they were added.</summary>
    public IReadOnlyList<RecordOrigin> Origins => order;

    /// <summary>
    /// Names the set of origins, whatever their order and reasons: for the <see cref="Caching.TokenCacheKey.Settings"/> of what is made without them. Paths
    /// are part of it as the readers gave them. Computed at each call, from all origins.
    /// </summary>
    public string Identity
    {
        get
        {
            UInt128 sum = 0;
            XxHash128 hash = new();
            foreach (RecordOrigin origin in order)
            {
                hash.Append(MemoryMarshal.AsBytes(origin.Path.AsSpan()));
                hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<long>([origin.Number])));
                sum = unchecked(sum + hash.GetCurrentHashAsUInt128());
                hash.Reset();
            }

            return string.Create(CultureInfo.InvariantCulture, $"without {Count} origins ({sum:x32})");
        }
    }

    /// <summary>Adds an origin; of one that is there already the first reason stays.</summary>
    /// <param name="origin">The record.</param>
    /// <param name="reason">Why it is left out.</param>
    /// <returns>Whether it was not there yet.</returns>
    public bool Add(RecordOrigin origin, string reason)
    {
        ArgumentNullException.ThrowIfNull(origin);
        ArgumentNullException.ThrowIfNull(reason);
        if (!reasons.TryAdd(Key(origin), reason)) return false;
        order.Add(origin);
        return true;
    }

    /// <summary>Adds all that another list holds.</summary>
    /// <param name="other">The other list.</param>
    public void AddAll(ExclusionList other)
    {
        ArgumentNullException.ThrowIfNull(other);
        foreach (RecordOrigin origin in other.order) Add(origin, other.reasons[Key(origin)]);
    }

    /// <summary>Whether a record is to be left out.</summary>
    /// <param name="origin">The record.</param>
    public bool Contains(RecordOrigin origin)
    {
        ArgumentNullException.ThrowIfNull(origin);
        return reasons.ContainsKey(Key(origin));
    }

    /// <summary>Why a record is left out; null for one that is not.</summary>
    /// <param name="origin">The record.</param>
    public string? ReasonFor(RecordOrigin origin)
    {
        ArgumentNullException.ThrowIfNull(origin);
        return reasons.GetValueOrDefault(Key(origin));
    }

    /// <summary>Writes the list; the file takes its place only once it is whole.</summary>
    /// <param name="path">The file to make or replace; its folder must exist.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => AtomicFile.Write(path, stream =>
    {
        using Utf8JsonWriter writer = new(stream, new JsonWriterOptions { SkipValidation = true });
        foreach (RecordOrigin origin in order)
        {
            writer.WriteStartObject();
            writer.WriteString("path", origin.Path);
            writer.WriteNumber("number", origin.Number);
            if (origin.Unit != DefaultUnit) writer.WriteString("unit", origin.Unit);
            writer.WriteString("reason", reasons[Key(origin)]);
            writer.WriteEndObject();
            writer.Flush();
            writer.Reset();
            stream.WriteByte((byte)'\n');
        }
    });

    /// <summary>Reads what <see cref="Save"/> wrote, or another program in its form; blank lines are skipped, <c>reason</c> may be missing.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataFormatException">A line is no object with a text "path" and a whole "number"; the message names the line.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ExclusionList Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ExclusionList list = new();
        long number = 0;
        foreach (string line in File.ReadLines(path, new UTF8Encoding(false, true)))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            try
            {
                if (JsonNode.Parse(line) is not JsonObject fields) throw new DataFormatException(path, number, "expected a JSON object.");
                if (fields["path"] is not JsonValue file || !file.TryGetValue(out string? name)) throw new DataFormatException(path, number, "expected a text \"path\".");
                if (fields["number"] is not JsonValue place || !place.TryGetValue(out long of)) throw new DataFormatException(path, number, "expected a whole \"number\".");
                list.Add(new RecordOrigin(name, of) { Unit = Text(fields, "unit", path, number) ?? DefaultUnit }, Text(fields, "reason", path, number) ?? "");
            }
            catch (JsonException fault)
            {
                throw new DataFormatException(path, number, $"not valid JSON at byte {fault.BytePositionInLine}.", fault);
            }
            catch (ArgumentException fault)
            {
                throw new DataFormatException(path, number, $"not an object whose fields are given once ({fault.Message})", fault);
            }
        }

        return list;
    }

    internal HashSet<(string Path, long Number)> ToSet() => [.. reasons.Keys];

    private static (string Path, long Number) Key(RecordOrigin origin) => (origin.Path, origin.Number);

    private static string? Text(JsonObject fields, string name, string path, long line)
    {
        if (fields[name] is not { } node) return null;
        return node is JsonValue value && value.TryGetValue(out string? text) ? text : throw new DataFormatException(path, line, $"expected \"{name}\" to be a text.");
    }
}
