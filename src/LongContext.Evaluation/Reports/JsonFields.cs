using System.Globalization;
using System.Text;
using System.Text.Json;
using LongContext.Data;

namespace LongContext.Evaluation.Reports;

/// <summary>One JSON object of a report's file whose fields are taken one by one; each fault names file, line, field, what was found and what was expected.</summary>
internal sealed class JsonFields
{
    private readonly string file;
    private readonly long line;
    private readonly string where;
    private readonly Dictionary<string, JsonElement> fields = new(StringComparer.Ordinal);

    public JsonFields(JsonElement element, string file, long line, string where = "")
    {
        this.file = file;
        this.line = line;
        this.where = where;
        if (element.ValueKind != JsonValueKind.Object) throw Fault($"{Named(where.TrimEnd('.'))} is {Kind(element)}, expected an object.");
        foreach (JsonProperty field in element.EnumerateObject())
        {
            string name = NameOf(field);
            if (!fields.TryAdd(name, field.Value)) throw Fault($"the field \"{where}{name}\" is there twice.");
        }
    }

    public DataFormatException Fault(string fault) => new(file, line, fault);

    /// <summary>A field that nobody took is a fault: something would be lost without a word.</summary>
    public void ExpectNoOthers()
    {
        if (fields.Count > 0) throw Fault($"the field \"{where}{fields.Keys.First()}\" is none that this version knows.");
    }

    public string Text(string name) => TextOrNull(name) ?? throw Missing(name, "a string");

    public string? TextOrNull(string name)
    {
        if (!Take(name, out JsonElement value)) return null;
        return value.ValueKind == JsonValueKind.String ? TextOf(value) : throw Wrong(name, value, "a string");
    }

    public double? Number(string name) => Take(name, out JsonElement value) ? NumberOf(name, value) : null;

    public long? Whole(string name, long minimum, long maximum)
    {
        if (!Take(name, out JsonElement value)) return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= minimum && number <= maximum
            ? number
            : throw Wrong(name, value, string.Create(CultureInfo.InvariantCulture, $"a whole number from {minimum} to {maximum}"));
    }

    public int Count(string name) => (int)(Whole(name, 0, int.MaxValue) ?? 0);

    public int CountThere(string name) => (int)(Whole(name, 0, int.MaxValue) ?? throw Missing(name, "a whole number"));

    public long LongCount(string name) => Whole(name, 0, long.MaxValue) ?? 0;

    public bool Flag(string name)
    {
        if (!Take(name, out JsonElement value)) return false;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.ValueKind == JsonValueKind.True : throw Wrong(name, value, "true or false");
    }

    public decimal? Decimal(string name)
    {
        if (!Take(name, out JsonElement value)) return null;
        // By its text: the framework's short cut for decimals takes exponents too, which no decimal was written with.
        return value.ValueKind == JsonValueKind.Number && decimal.TryParse(value.GetRawText(), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number)
            ? number
            : throw Wrong(name, value, "a decimal number");
    }

    public TimeSpan Seconds(string name)
    {
        if (!Take(name, out JsonElement value)) return TimeSpan.Zero;
        if (value.ValueKind == JsonValueKind.Number && decimal.TryParse(value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture, out decimal seconds)
            && seconds <= long.MaxValue / (decimal)TimeSpan.TicksPerSecond && seconds >= long.MinValue / (decimal)TimeSpan.TicksPerSecond)
        {
            return new TimeSpan((long)decimal.Round(seconds * TimeSpan.TicksPerSecond));
        }

        throw Wrong(name, value, "a number of seconds");
    }

    public T OneOf<T>(string name)
        where T : struct, Enum
    {
        string text = Text(name);
        // By name alone: the framework's parser takes numbers too.
        foreach (T value in Enum.GetValues<T>())
        {
            if (value.ToString() == text) return value;
        }

        throw Fault($"the field \"{where}{name}\" is \"{text}\", expected one of {string.Join(", ", Enum.GetNames<T>())}.");
    }

    public JsonFields? ObjectOrNull(string name) => Take(name, out JsonElement value) ? new JsonFields(value, file, line, $"{where}{name}.") : null;

    public IReadOnlyList<JsonFields> Objects(string name) =>
        [.. Elements(name).Select((element, i) => new JsonFields(element, file, line, string.Create(CultureInfo.InvariantCulture, $"{where}{name}[{i}].")))];

    public IReadOnlyList<string> Texts(string name) =>
        [.. Elements(name).Select(element => element.ValueKind == JsonValueKind.String ? TextOf(element) : throw Wrong(name, element, "strings"))];

    /// <summary>All fields that are left, as text.</summary>
    public Dictionary<string, string> AllTexts() => All((name, value) => value.ValueKind == JsonValueKind.String ? TextOf(value) : throw Wrong(name, value, "a string"));

    /// <summary>All fields that are left, as numbers.</summary>
    public Dictionary<string, double> AllNumbers() => All(NumberOf);

    private Dictionary<string, T> All<T>(Func<string, JsonElement, T> read)
    {
        Dictionary<string, T> all = new(StringComparer.Ordinal);
        foreach ((string name, JsonElement value) in fields) all.Add(name, read(name, value));
        fields.Clear();
        return all;
    }

    private JsonElement[] Elements(string name)
    {
        if (!Take(name, out JsonElement value)) return [];
        return value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : throw Wrong(name, value, "an array");
    }

    private double NumberOf(string name, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number)) return number;
        return (value.ValueKind == JsonValueKind.String ? TextOf(value) : null) switch
        {
            "NaN" => double.NaN,
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            _ => throw Wrong(name, value, "a number, \"NaN\", \"Infinity\" or \"-Infinity\""),
        };
    }

    private bool Take(string name, out JsonElement value) => fields.Remove(name, out value);

    public DataFormatException Missing(string name, string expected) => Fault($"the field \"{where}{name}\" is missing, expected {expected}.");

    private DataFormatException Wrong(string name, JsonElement found, string expected) => Fault($"the field \"{where}{name}\" is {Kind(found)}, expected {expected}.");

    private static string Named(string name) => name.Length == 0 ? "the line" : $"the field \"{name}\"";

    private static string Kind(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        _ => element.GetRawText(),
    };

    private static string NameOf(JsonProperty field)
    {
        try
        {
            return field.Name;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, as in texts. The property's own text begins with its name in quotes.
            string raw = field.ToString();
            int end = 1;
            while (raw[end] != '"') end += raw[end] == '\\' ? 2 : 1;
            return Unescaped(raw.AsSpan(1, end - 1));
        }
    }

    private static string TextOf(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // The framework's reader refuses halves of surrogate pairs; the line has been checked, so nothing else can be wrong.
            return Unescaped(value.GetRawText().AsSpan()[1..^1]);
        }
    }

    private static string Unescaped(ReadOnlySpan<char> raw)
    {
        StringBuilder text = new(raw.Length);
        for (int i = 0; i < raw.Length; i++)
        {
            if (raw[i] != '\\')
            {
                text.Append(raw[i]);
                continue;
            }

            char kind = raw[++i];
            if (kind == 'u')
            {
                text.Append((char)ushort.Parse(raw.Slice(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                i += 4;
            }
            else
            {
                text.Append(kind switch { 'n' => '\n', 'r' => '\r', 't' => '\t', 'b' => '\b', 'f' => '\f', _ => kind });
            }
        }

        return text.ToString();
    }
}
