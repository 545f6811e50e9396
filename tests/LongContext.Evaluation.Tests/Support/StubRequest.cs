using System.Text.Json.Nodes;

namespace LongContext.Evaluation.Support;

/// <summary>One request as the stub server got it.</summary>
/// <param name="Text">The last message.</param>
/// <param name="Number">How often the same text was asked before.</param>
/// <param name="Body">All of it.</param>
internal sealed record StubRequest(string Text, int Number, JsonNode Body)
{
    public bool IsStreaming => (bool?)Body["stream"] == true;
}
