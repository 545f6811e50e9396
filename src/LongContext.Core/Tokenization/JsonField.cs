using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace LongContext.Tokenization;

/// <summary>A value of a JSON file with the file's name and the value's path, so that every complaint can name both.</summary>
internal readonly struct JsonField
{
    private readonly string _file;
    private readonly string _path;

    public JsonField(string file, string path, JsonElement value)
    {
        _file = file;
        _path = path;
        Value = value;
    }

    public JsonElement Value { get; }

    /// <summary>The file's text as a document; nesting beyond 64 levels is refused by the parser.</summary>
    public static JsonDocument Parse(string file, ReadOnlyMemory<byte> utf8)
    {
        if (utf8.Span.StartsWith(Encoding.UTF8.Preamble)) utf8 = utf8[Encoding.UTF8.Preamble.Length..];
        if (!Utf8.IsValid(utf8.Span)) throw new InvalidDataException($"{file}: not UTF-8 text.");
        try
        {
            return JsonDocument.Parse(utf8);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{file}: not valid JSON: {e.Message}", e);
        }
    }

    /// <summary>The member of that name, or null where it is absent or a JSON null.</summary>
    public JsonField? Optional(string name)
    {
        if (Value.ValueKind != JsonValueKind.Object) throw Fault($"expected an object, found {Found()}");
        try
        {
            return Value.TryGetProperty(name, out JsonElement member) && member.ValueKind != JsonValueKind.Null ? Member(name, member) : null;
        }
        catch (InvalidOperationException e)
        {
            // Names with escapes are read to be compared.
            throw NoText("a field's name", e);
        }
    }

    public JsonField Required(string name) => Optional(name) ?? throw Fault($"the field \"{name}\" is missing");

    /// <summary>The elements of an array.</summary>
    public IEnumerable<JsonField> Items()
    {
        if (Value.ValueKind != JsonValueKind.Array) throw Fault($"expected an array, found {Found()}");
        int i = 0;
        foreach (JsonElement item in Value.EnumerateArray()) yield return new JsonField(_file, $"{_path}[{i++}]", item);
    }

    /// <summary>The members of an object that are not null; of several of one name the last.</summary>
    public IEnumerable<(string Name, JsonField Field)> Members()
    {
        if (Value.ValueKind != JsonValueKind.Object) throw Fault($"expected an object, found {Found()}");
        var members = new OrderedDictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (JsonProperty member in Value.EnumerateObject()) members[NameOf(member, "a field's name")] = member.Value;
        foreach ((string name, JsonElement value) in members)
        {
            if (value.ValueKind != JsonValueKind.Null) yield return (name, Member(name, value));
        }
    }

    /// <summary>The name of one of this object's members.</summary>
    /// <param name="member">The member.</param>
    /// <param name="what">What the complaint calls it.</param>
    public string NameOf(JsonProperty member, string what)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException e)
        {
            throw NoText(what, e);
        }
    }

    public string Text()
    {
        if (Value.ValueKind != JsonValueKind.String) throw Fault($"expected a string, found {Found()}");
        try
        {
            return Value.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            // An escape such as "\ud800" without its other half.
            throw Fault($"expected a string of Unicode text: {e.Message}");
        }
    }

    /// <summary>A string of one character, which may take two chars.</summary>
    public string Character()
    {
        string text = Text();
        return Rune.TryGetRuneAt(text.Length == 0 ? "\ud800" : text, 0, out Rune rune) && rune.Utf16SequenceLength == text.Length
            ? text
            : throw Fault($"expected one character, found \"{text}\"");
    }

    public int Integer() =>
        Value.ValueKind == JsonValueKind.Number && Value.TryGetInt32(out int number) && number >= 0
            ? number
            : throw Fault($"expected an integer from 0 to {int.MaxValue}, found {Found()}");

    public bool Flag() => Value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Fault($"expected true or false, found {Found()}"),
    };

    /// <summary>The optional member's flag, false where it is absent.</summary>
    public bool Flag(string name) => Optional(name)?.Flag() ?? false;

    public InvalidDataException Fault(string message) => new($"{Where}: {message}.");

    public NotSupportedException Unsupported(string what, string supported) =>
        new($"{Where}: {what} is not supported (supported: {supported}).");

    private JsonField Member(string name, JsonElement value) => new(_file, _path.Length == 0 ? name : $"{_path}.{name}", value);

    private InvalidDataException NoText(string what, InvalidOperationException e) => Fault($"{what} is not Unicode text: {e.Message}");

    private string Where => _path.Length == 0 ? _file : $"{_file}: {_path}";

    private string Found()
    {
        string raw = Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? "" : Value.GetRawText();
        return raw.Length is 0 or > 60 ? $"a JSON {Value.ValueKind.ToString().ToLowerInvariant()}" : raw;
    }
}
