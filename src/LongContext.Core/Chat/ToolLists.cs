using System.Globalization;
using System.Text.Json;

namespace LongContext.Chat;

/// <summary>Reads lists of tools and of calls in OpenAI's form, or without the wrapping that says that an item is a function; any list or object of it may stand as JSON text.</summary>
internal static class ToolLists
{
    /// <summary>Characters of such a text: as many as a call may have.</summary>
    public const int MaximumTextLength = ToolCallReader.MaximumLength;

    /// <summary>A list and two objects stand around a schema.</summary>
    public const int MaximumDepth = ToolJson.MaximumDepth + 3;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = MaximumDepth, AllowDuplicateProperties = false };
    private static readonly JsonElement Nothing = JsonElement.Parse("{}");
    private static readonly string[] SchemaNames = ["parameters", "input_schema", "inputSchema"];

    /// <summary>Reads tools.</summary>
    /// <param name="list">The list, or a text that holds it.</param>
    /// <param name="where">What it is called in a fault.</param>
    /// <exception cref="ToolFormatException">It is no list of tools, or a tool is no function or cannot be used as it is.</exception>
    public static ChatTool[] ReadTools(JsonElement list, string where)
    {
        ChatTool[] tools = [.. Functions(list, where).Select(item => Make(item.Where, () => new ChatTool(
            Text(item.Function, "name", item.Inner),
            Find(item.Function, "description") is null ? null : Text(item.Function, "description", item.Inner),
            Schema(item.Function, item.Inner))))];
        return tools.GroupBy(tool => tool.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw Unusable($"{where} has two tools with the name \"{twice.Key}\"")
            : tools;
    }

    /// <summary>Reads calls, whose arguments are JSON text in OpenAI's form; data sets have the object itself as well.</summary>
    /// <param name="list">The list, or a text that holds it.</param>
    /// <param name="where">What it is called in a fault.</param>
    /// <param name="makeId">Gives an id to a call that has none.</param>
    /// <exception cref="ToolFormatException">It is no list of calls, or a call is of no function or cannot be used as it is.</exception>
    public static ChatToolCall[] ReadCalls(JsonElement list, string where, Func<string> makeId) => [.. Functions(list, where).Select(item => Make(item.Where, () => new ChatToolCall(
        Find(item.Fields, "id") is null ? makeId() : Text(item.Fields, "id", item.Where),
        Text(item.Function, "name", item.Inner),
        Find(item.Function, "arguments") is { ValueKind: JsonValueKind.Object } arguments ? arguments
            : Text(item.Function, "arguments", item.Inner) is { Length: > 0 } text ? Parse(text, $"{item.Inner}.arguments") : Nothing)))];

    /// <summary>What a text holds.</summary>
    /// <param name="text">JSON.</param>
    /// <param name="where">What it is called in a fault.</param>
    /// <exception cref="ToolFormatException">The text is no JSON, or too long.</exception>
    public static JsonElement Parse(string text, string where)
    {
        if (text.Length > MaximumTextLength) throw Unusable($"{where} is a text of {text.Length} characters, expected at most {MaximumTextLength}");
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, Options);
            RequireSound(document.RootElement, where);
            return document.RootElement.Clone();
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException or InvalidOperationException)
        {
            // The latter two where half a surrogate pair is met, as it is or escaped in a name.
            throw Unusable($"{where}: {fault.Message.TrimEnd('.')}");
        }
    }

    /// <summary>What a value is, in words.</summary>
    private static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Undefined => "missing",
        JsonValueKind.Null => "null",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        _ => "true or false",
    };

    private static IEnumerable<(string Where, JsonElement Fields, string Inner, JsonElement Function)> Functions(JsonElement list, string where)
    {
        list = Read(list, where);
        if (list.ValueKind != JsonValueKind.Array) throw WrongKind(where, list, "a list");
        int count = 0;
        foreach (JsonElement item in list.EnumerateArray())
        {
            string at = $"{where}[{(count++).ToString(CultureInfo.InvariantCulture)}]";
            JsonElement fields = Read(item, at);
            if (fields.ValueKind != JsonValueKind.Object) throw WrongKind(at, fields, "an object with \"function\" or \"name\"");
            RequireSound(fields, at);
            if (Find(fields, "type") is not null && Text(fields, "type", at) is var type and not "function") throw Unusable($"{at} is of the type \"{type}\", expected \"function\"");
            if (Find(fields, "function") is not { } wrapped)
            {
                if (Find(fields, "name") is null) throw WrongKind($"{at}.function", default, "an object with \"name\", in it or in its place");
                yield return (at, fields, at, fields);
                continue;
            }

            string inner = $"{at}.function";
            JsonElement function = Read(wrapped, inner);
            if (function.ValueKind != JsonValueKind.Object) throw WrongKind(inner, function, "an object with \"name\"");
            yield return (at, fields, inner, function);
        }
    }

    /// <summary>A function's parameters: under OpenAI's name, Anthropic's or that of the Model Context Protocol.</summary>
    private static JsonElement Schema(JsonElement function, string where)
    {
        string[] given = [.. SchemaNames.Where(name => Find(function, name) is not null)];
        if (given.Length > 1) throw Unusable($"{where} has \"{given[0]}\" and \"{given[1]}\", expected one of them");
        return given.Length == 0 ? Nothing : Object(Find(function, given[0])!.Value, $"{where}.{given[0]}");
    }

    /// <summary>A field that holds something; null for one that is not there.</summary>
    private static JsonElement? Find(JsonElement fields, string name) =>
        fields.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>What a text holds; another value as it is.</summary>
    private static JsonElement Read(JsonElement value, string where) => value.ValueKind == JsonValueKind.String ? Parse(Text(value, where), where) : value;

    /// <summary>The same of an object, of which an empty text says nothing.</summary>
    private static JsonElement Object(JsonElement value, string where) => value.ValueKind == JsonValueKind.String && value.ValueEquals("") ? Nothing : Read(value, where);

    private static string Text(JsonElement fields, string name, string where) =>
        fields.TryGetProperty(name, out JsonElement value) ? Text(value, $"{where}.{name}") : throw WrongKind($"{where}.{name}", default, "a string");

    private static string Text(JsonElement value, string where)
    {
        if (value.ValueKind != JsonValueKind.String) throw WrongKind(where, value, "a string");
        return ToolJson.Fault(value, 0) is { } fault ? throw Unusable($"{where}: its values {fault}") : value.GetString()!;
    }

    /// <summary>Refuses what would throw when it is looked at later, or that could not be written as it was read.</summary>
    private static void RequireSound(JsonElement value, string where)
    {
        if (ToolJson.Fault(value, MaximumDepth) is { } fault) throw Unusable($"{where}: its values {fault}");
    }

    private static T Make<T>(string where, Func<T> make)
    {
        try
        {
            return make();
        }
        catch (ArgumentException fault)
        {
            throw Unusable($"{where}: {fault.Message.TrimEnd('.')}");
        }
    }

    private static ToolFormatException WrongKind(string where, JsonElement value, string expected) => new($"{where} is {Describe(value)}, expected {expected}.", isOfWrongKind: true);

    private static ToolFormatException Unusable(string fault) => new(fault + ".", isOfWrongKind: false);
}
