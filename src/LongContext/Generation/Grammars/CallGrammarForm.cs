using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using LongContext.Chat;

namespace LongContext.Generation.Grammars;

/// <summary>What answers to a request with tools may be.</summary>
internal sealed record CallGrammarForm
{
    /// <summary>How calls are written. Required.</summary>
    public required ToolCallSyntax Syntax { get; init; }

    /// <summary>The functions that may be called, at least one. Required.</summary>
    public required IReadOnlyList<CallableTool> Tools { get; init; }

    /// <summary>Whether nothing but calls is an answer.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Whether there may be more than one call.</summary>
    public bool AllowsSeveral { get; init; }

    /// <summary>The form of an answer that calls nothing; null for any text. Where calls are required, it does not count.</summary>
    public JsonGrammar? Answer { get; init; }

    /// <summary>What thoughts stand between; null for a model that does not think.</summary>
    public ReasoningTags? Thoughts { get; init; }

    /// <summary>Where the answer begins.</summary>
    public ReasoningStage Stage { get; init; }

    /// <summary>Whether text may end where it is.</summary>
    public bool MayEndAnywhere => !IsRequired && Answer is null;

    /// <summary>Tells forms apart, of one syntax and one tokenizer.</summary>
    public string Key()
    {
        var text = new StringBuilder($"{IsRequired} {AllowsSeveral} {Answer?.Description} {Thoughts} {Stage}");
        foreach ((ChatTool tool, bool isStrict) in Tools)
        {
            string parameters = tool.Parameters.GetRawText();
            text.Append(CultureInfo.InvariantCulture, $"\n{tool.Name} {isStrict} {parameters.Length} {parameters}");
        }

        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
