using System.Text.Json;

namespace LongContext.Chat;

public sealed partial record ChatTool
{
    /// <summary>Reads a list of tools in OpenAI's JSON form.</summary>
    /// <param name="json">
    /// A JSON list, of 1,048,576 characters at most. Each item is {"type": "function", "function": {"name": …, "description": …, "parameters": …}}, of which "type" may be missing, or the function alone, as many data sets have it.
    /// </param>
    /// <returns>The tools in their order. "description" may be missing. A tool's schema is "parameters", or, as Anthropic and the Model Context Protocol call it, "input_schema" or "inputSchema"; without any it is {}. Other fields are passed over.</returns>
    /// <remarks>An item, a function and its parameters may each stand as JSON text, as tables have them whose columns are of one type.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="json"/> is null.</exception>
    /// <exception cref="FormatException">It is no JSON, no list of functions, a function cannot be used as it is or has its schema twice, or two have one name; the message says where and what was expected.</exception>
    public static IReadOnlyList<ChatTool> ParseList(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return ToolLists.ReadTools(ToolLists.Parse(json, ListName), ListName);
    }

    /// <summary>Reads a list of tools in OpenAI's JSON form: see <see cref="ParseList(string)"/>.</summary>
    /// <param name="list">The list, or a JSON text that holds one.</param>
    /// <returns>The tools in their order; they do not need the list's document any more.</returns>
    /// <exception cref="FormatException">It is no list of functions, a function cannot be used as it is, or two have one name; the message says where and what was expected.</exception>
    public static IReadOnlyList<ChatTool> ParseList(JsonElement list) => ToolLists.ReadTools(list, ListName);

    private const string ListName = "tools";
}
