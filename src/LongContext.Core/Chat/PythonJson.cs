using System.Globalization;
using System.Text;
using System.Text.Json;

namespace LongContext.Chat;

/// <summary>
/// JSON as the templates' <c>tojson</c> writes it, transformers' and not Jinja's: <c>json.dumps(value, ensure_ascii=False, indent=indent)</c>,
/// so with ", " and ": ", or in lines with an indent, keys in their order, and nothing escaped that JSON lets stand.
/// </summary>
internal static class PythonJson
{
    /// <param name="value">The value; strings without half surrogate pairs.</param>
    /// <param name="indent">How many blanks deeper each level stands; null for one line.</param>
    public static string Write(JsonElement value, int? indent = null)
    {
        var text = new StringBuilder();
        Append(text, value, indent, 0);
        return text.ToString();
    }

    /// <summary>The same of a list.</summary>
    public static string Write(IEnumerable<JsonElement> items, int? indent = null)
    {
        var text = new StringBuilder();
        AppendAll(text, '[', ']', items, indent, 0, item => Append(text, item, indent, 1));
        return text.ToString();
    }

    public static string Write(string value)
    {
        var text = new StringBuilder();
        AppendString(text, value);
        return text.ToString();
    }

    private static void Append(StringBuilder text, JsonElement value, int? indent, int depth)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                AppendAll(text, '{', '}', value.EnumerateObject(), indent, depth, property =>
                {
                    AppendString(text, property.Name);
                    text.Append(": ");
                    Append(text, property.Value, indent, depth + 1);
                });
                break;
            case JsonValueKind.Array:
                AppendAll(text, '[', ']', value.EnumerateArray(), indent, depth, item => Append(text, item, indent, depth + 1));
                break;
            case JsonValueKind.String:
                AppendString(text, value.GetString()!);
                break;
            case JsonValueKind.Number:
                text.Append(PythonNumber.Of(value.GetRawText()));
                break;
            default:
                text.Append(value.GetRawText());
                break;
        }
    }

    private static void AppendAll<T>(StringBuilder text, char open, char close, IEnumerable<T> items, int? indent, int depth, Action<T> append)
    {
        text.Append(open);
        bool any = false;
        foreach (T item in items)
        {
            if (any) text.Append(indent is null ? ", " : ",");
            if (indent is { } width) text.Append('\n').Append(' ', width * (depth + 1));
            append(item);
            any = true;
        }

        if (any && indent is { } outer) text.Append('\n').Append(' ', outer * depth);
        text.Append(close);
    }

    private static void AppendString(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (char c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\f' => text.Append("\\f"),
                '\b' => text.Append("\\b"),
                < ' ' => text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)),
                _ => text.Append(c),
            };
        }

        text.Append('"');
    }
}
