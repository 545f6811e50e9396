using System.Globalization;
using System.Text;
using System.Text.Json;

namespace LongContext.Chat;

/// <summary>A JSON value as Python shows the dictionary that it is read as: <c>str(json.loads(text))</c>, what a template's <c>value | string</c> gives.</summary>
internal static class PythonLiteral
{
    public static string Write(JsonElement value)
    {
        var text = new StringBuilder();
        Append(text, value);
        return text.ToString();
    }

    private static void Append(StringBuilder text, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                text.Append('{').AppendJoin(", ", value.EnumerateObject().Select(property => Quote(property.Name) + ": " + Write(property.Value))).Append('}');
                break;
            case JsonValueKind.Array:
                text.Append('[').AppendJoin(", ", value.EnumerateArray().Select(Write)).Append(']');
                break;
            case JsonValueKind.String:
                text.Append(Quote(value.GetString()!));
                break;
            case JsonValueKind.Number:
                text.Append(PythonNumber.Of(value.GetRawText()));
                break;
            default:
                text.Append(value.ValueKind switch { JsonValueKind.True => "True", JsonValueKind.False => "False", _ => "None" });
                break;
        }
    }

    /// <summary><c>repr</c> of a string: in single quotes unless it has some and no double ones.</summary>
    private static string Quote(string value)
    {
        char quote = value.Contains('\'', StringComparison.Ordinal) && !value.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        var text = new StringBuilder().Append(quote);
        foreach (Rune rune in value.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                int code when code == quote => text.Append('\\').Append(quote),
                _ when IsPrintable(rune) => text.Append(rune),
                <= 0xFF => text.Append("\\x").Append(Hexadecimal(rune, "x2")),
                <= 0xFFFF => text.Append("\\u").Append(Hexadecimal(rune, "x4")),
                _ => text.Append("\\U").Append(Hexadecimal(rune, "x8")),
            };
        }

        return text.Append(quote).ToString();
    }

    private static string Hexadecimal(Rune rune, string format) => rune.Value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary><c>isprintable()</c>: neither "other" nor a separator, the blank excepted.</summary>
    private static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
