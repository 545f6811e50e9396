using System.Text.Json;
using LongContext.Chat;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Protocol;

/// <summary>A function that a request tells the model of; whoever asks runs it.</summary>
/// <param name="tool">The function.</param>
/// <param name="schemaField">The field of its schema.</param>
/// <param name="isStrict">Whether a call's arguments must satisfy the schema; null where the request does not say.</param>
internal sealed class ToolDeclaration(ChatTool tool, string schemaField, bool? isStrict) : AIFunctionDeclaration
{
    private readonly Dictionary<string, object?> properties = isStrict is { } flag ? new(StringComparer.Ordinal) { ["strict"] = flag } : [];

    /// <summary>The field that its schema came in.</summary>
    public string SchemaField => schemaField;

    public override string Name => tool.Name;

    public override string Description => tool.Description ?? "";

    public override JsonElement JsonSchema => tool.Parameters;

    public override IReadOnlyDictionary<string, object?> AdditionalProperties => properties;
}
