using System.Text.Json;

namespace LongContext.Chat;

/// <summary>A function that the model may ask for. It is described to the model; whoever holds the conversation runs it.</summary>
public sealed partial record ChatTool
{
    /// <summary>Describes a function.</summary>
    /// <param name="name">Its name: 1 to 64 of the characters A-Z, a-z, 0-9, '_', '.' and '-'.</param>
    /// <param name="description">What it does, in words for the model; null for nothing.</param>
    /// <param name="parameters">A JSON schema, an object; its order of keys is kept, as the model reads it.</param>
    /// <exception cref="ArgumentException">
    /// The name is another; the schema is no object, has the same key twice or half a surrogate pair, or is nested deeper than 64.
    /// </exception>
    public ChatTool(string name, string? description, JsonElement parameters)
    {
        Name = ToolJson.RequireName(name, nameof(name));
        Description = description;
        Parameters = ToolJson.RequireObject(parameters, $"The parameters of the tool \"{name}\"", nameof(parameters));
    }

    /// <summary>The function's name.</summary>
    public string Name { get; }

    /// <summary>What it does; null where nothing is said.</summary>
    public string? Description { get; }

    /// <summary>The JSON schema of its arguments, an object.</summary>
    public JsonElement Parameters { get; }

    /// <summary>Characters of all that it says.</summary>
    internal long TextLength => Name.Length + (Description?.Length ?? 0) + Parameters.GetRawText().Length;

    /// <summary>Whether the other says the same, with schemas compared by value.</summary>
    /// <param name="other">Another tool, or null.</param>
    public bool Equals(ChatTool? other) =>
        other is not null && Name == other.Name && Description == other.Description && JsonElement.DeepEquals(Parameters, other.Parameters);

    /// <summary>Of name and description.</summary>
    public override int GetHashCode() => HashCode.Combine(Name, Description);

    /// <summary>As OpenAI's protocol and the templates have it: name, description where there is one, parameters.</summary>
    internal JsonElement ToFunction() => Write(WriteFunction);

    /// <summary>The same in the wrapping that says that it is a function.</summary>
    internal JsonElement ToElement() => Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("type", "function");
        writer.WritePropertyName("function");
        WriteFunction(writer);
        writer.WriteEndObject();
    });

    private void WriteFunction(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("name", Name);
        if (Description is not null) writer.WriteString("description", Description);
        writer.WritePropertyName("parameters");
        Parameters.WriteTo(writer);
        writer.WriteEndObject();
    }

    private static JsonElement Write(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer)) write(writer);
        // The wrapping stands around parameters that may be as deep as is allowed.
        using JsonDocument document = JsonDocument.Parse(buffer.ToArray(), new JsonDocumentOptions { MaxDepth = ToolJson.MaximumDepth + 2 });
        return document.RootElement.Clone();
    }
}
