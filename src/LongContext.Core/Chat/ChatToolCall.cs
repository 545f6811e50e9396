using System.Text.Json;

namespace LongContext.Chat;

/// <summary>One call of a function that an assistant's turn makes.</summary>
public sealed record ChatToolCall
{
    /// <summary>Makes a call.</summary>
    /// <param name="id">What an answer refers to it by; not empty. Mistral's formats have 9 letters and digits, and write an id of another length as one of these.</param>
    /// <param name="name">The function's name: 1 to 64 of the characters A-Z, a-z, 0-9, '_', '.' and '-'.</param>
    /// <param name="arguments">A JSON object; its order of keys is kept.</param>
    /// <exception cref="ArgumentException">
    /// The id is empty, the name is another; the arguments are no object, have the same key twice or half a surrogate pair, or are
    /// nested deeper than 64.
    /// </exception>
    public ChatToolCall(string id, string name, JsonElement arguments)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        Id = id;
        Name = ToolJson.RequireName(name, nameof(name));
        Arguments = ToolJson.RequireObject(arguments, $"The arguments of the call of \"{name}\"", nameof(arguments));
    }

    /// <summary>What an answer refers to it by.</summary>
    public string Id { get; }

    /// <summary>The function's name.</summary>
    public string Name { get; }

    /// <summary>The arguments, a JSON object.</summary>
    public JsonElement Arguments { get; }

    /// <summary>Whether the other is the same call, with arguments compared by value.</summary>
    /// <param name="other">Another call, or null.</param>
    public bool Equals(ChatToolCall? other) =>
        other is not null && Id == other.Id && Name == other.Name && JsonElement.DeepEquals(Arguments, other.Arguments);

    /// <summary>Of id and name.</summary>
    public override int GetHashCode() => HashCode.Combine(Id, Name);

    /// <summary>As OpenAI's protocol has it: the arguments as JSON text.</summary>
    internal JsonElement ToElement() => JsonSerializer.SerializeToElement(new Dictionary<string, object>
    {
        ["id"] = Id,
        ["type"] = "function",
        ["function"] = new Dictionary<string, string> { ["name"] = Name, ["arguments"] = Arguments.GetRawText() },
    });
}
