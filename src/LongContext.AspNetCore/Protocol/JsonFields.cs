using System.Text.Json;

namespace LongContext.AspNetCore.Protocol;

/// <summary>Fields of a JSON object, read strictly: a wrong type is refused with the field's name, an absent one and null are the same, others are not looked at.</summary>
/// <param name="element">An object.</param>
/// <param name="path">Its name with a dot after it; empty for the body itself.</param>
internal readonly struct JsonFields(JsonElement element, string path = "")
{
    /// <exception cref="ProtocolException">It is no object.</exception>
    public static JsonFields Of(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object ? new JsonFields(element, name + ".") : throw Wrong(name, "an object", element);

    public string Name(string field) => path + field;

    /// <summary>Which of a value's names is used; the first where none is.</summary>
    /// <remarks>Clients that speak to many servers send one value under several names.</remarks>
    /// <exception cref="ProtocolException">Two of them are, with different values.</exception>
    public string Named(params ReadOnlySpan<string> names)
    {
        string? found = null;
        foreach (string name in names)
        {
            if (Find(name) is not { } value) continue;
            if (found is null) found = name;
            else if (!IsSame(Find(found)!.Value, value)) throw ProtocolException.Bad($"'{Name(found)}' and '{Name(name)}' mean the same, but differ: send one of them.", Name(name));
        }

        return found ?? names[0];
    }

    /// <summary>Whether two values are one, however they are written. What cannot be compared, a number whose exponent is no int or text that is none, counts as two.</summary>
    private static bool IsSame(JsonElement one, JsonElement other)
    {
        try
        {
            return JsonElement.DeepEquals(one, other);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentOutOfRangeException)
        {
            return false;
        }
    }

    /// <summary>Refuses members of other names.</summary>
    public void Only(params ReadOnlySpan<string> names)
    {
        foreach (JsonProperty member in element.EnumerateObject())
        {
            if (!IsOneOf(member, names)) throw ProtocolException.Bad($"'{path[..^1]}' has a member that is none of {string.Join(", ", names)}.", path[..^1]);
        }
    }

    /// <summary>The names of all members; those that are no valid text apart.</summary>
    public IEnumerable<string> Names()
    {
        List<string> names = [];
        foreach (JsonProperty member in element.EnumerateObject())
        {
            try
            {
                names.Add(member.Name);
            }
            catch (InvalidOperationException)
            {
                // Nobody's field.
            }
        }

        return names;
    }

    public JsonElement? Find(string field) =>
        element.TryGetProperty(field, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static bool IsOneOf(JsonProperty member, ReadOnlySpan<string> names)
    {
        try
        {
            foreach (string name in names)
            {
                if (member.NameEquals(name)) return true;
            }
        }
        catch (InvalidOperationException)
        {
            // A name that is no valid text.
        }

        return false;
    }

    public string? String(string field) => Find(field) is { } value ? Text(value, Name(field)) : null;

    public bool? Boolean(string field) => Find(field) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw Wrong(Name(field), "true or false", value),
    };

    public long? Whole(string field, long least, long most)
    {
        if (Find(field) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Number) throw Wrong(Name(field), "a whole number", value);
        if (!value.TryGetInt64(out long number)) throw ProtocolException.Bad($"'{Name(field)}' is {Shown(value)}, expected a whole number.", Name(field));
        return number >= least && number <= most ? number
            : throw ProtocolException.Bad(most is int.MaxValue or long.MaxValue ? $"'{Name(field)}' is {number}, expected at least {least}." : $"'{Name(field)}' is {number}, expected {least} to {most}.", Name(field));
    }

    public float? Number(string field, double least, double most) => (float?)Double(field, least, most);

    public double? Double(string field, double least, double most)
    {
        if (Find(field) is not { } value) return null;
        return Double(value, Name(field), least, most);
    }

    /// <summary>A number within bounds.</summary>
    public static double Double(JsonElement value, string name, double least, double most)
    {
        if (value.ValueKind != JsonValueKind.Number) throw Wrong(name, "a number", value);
        string expected = most >= float.MaxValue ? FormattableString.Invariant($"at least {least}") : FormattableString.Invariant($"{least} to {most}");
        return value.TryGetDouble(out double number) && number >= least && number <= most ? number : throw ProtocolException.Bad($"'{name}' is {Shown(value)}, expected {expected}.", name);
    }

    /// <summary>A number above 0.</summary>
    public double? Positive(string field, double most) => Double(field, 0, most) is not { } number ? null
        : number > 0 ? number
        : throw ProtocolException.Bad($"'{Name(field)}' is 0, expected more than 0{(most < float.MaxValue ? FormattableString.Invariant($" and at most {most}") : "")}.", Name(field));

    public JsonFields? Object(string field) => Find(field) is { } value ? Of(value, Name(field)) : null;

    /// <summary>An array's items; null where there is none.</summary>
    public JsonElement.ArrayEnumerator? Array(string field) => Find(field) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Array } value => value.EnumerateArray(),
        { } value => throw Wrong(Name(field), "an array", value),
    };

    /// <summary>A string's text: escapes may spell half a character, and bytes need not be UTF-8.</summary>
    public static string Text(JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.String) throw Wrong(name, "a string", value);
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw ProtocolException.Bad($"'{name}' is no valid text: its bytes are not UTF-8, or an escape spells half a character.", name);
        }
    }

    /// <summary>Refuses what holds a string or a name, at any depth, that is no text: whoever it is handed to reads it without asking.</summary>
    public static void RequireText(JsonElement value, string name)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            _ = Text(value, name);
        }
        else if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in value.EnumerateArray()) RequireText(item, name);
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in value.EnumerateObject())
            {
                try
                {
                    _ = property.Name;
                }
                catch (InvalidOperationException)
                {
                    throw ProtocolException.Bad($"'{name}' has a field whose name is no valid text.", name);
                }

                RequireText(property.Value, name);
            }
        }
    }

    public static ProtocolException Wrong(string name, string expected, JsonElement found) => ProtocolException.Bad($"'{name}' is {Kind(found)}, expected {expected}.", name);

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a boolean",
    };

    /// <summary>A number as it was written, where that is short.</summary>
    public static string Shown(JsonElement number) => number.GetRawText() is { Length: <= 40 } text ? text : number.GetRawText()[..40] + "…";
}
