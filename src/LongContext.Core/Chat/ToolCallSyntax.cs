namespace LongContext.Chat;

/// <summary>How a format's calls stand in an answer's text.</summary>
/// <remarks>
/// <para>All that a model writes to make calls is</para>
/// <code>Prefix CallPrefix name ArgumentsPrefix arguments CallSuffix (Separator CallPrefix name ArgumentsPrefix arguments CallSuffix)* Suffix</code>
/// <para>where <c>name</c> is the function's name as it is and <c>arguments</c> a JSON object; all else is literal text, in which the
/// quotes of a JSON format's keys stand as well. A grammar that lets a model make calls, and only right ones, is built from these
/// texts and the schemas of the arguments. <see cref="CreateReader"/> reads more than that: white space, keys in any order, and what
/// models are seen to do.</para>
/// </remarks>
public sealed class ToolCallSyntax
{
    internal ToolCallSyntax()
    {
    }

    /// <summary>The text at which calls begin in an answer; null where a call is a JSON object and nothing announces it (Llama 3).</summary>
    public string? Opening { get; internal init; }

    /// <summary><see cref="Opening"/> where it is one token that is special to the model's tokenizer, so that decoding may drop it; else null.</summary>
    public string? OpeningToken => Opening is not null && SpecialTokens.Contains(Opening) ? Opening : null;

    /// <summary>Special tokens in a call's text. Decoding must keep them, or the reader finds no call; empty where there are none.</summary>
    public IReadOnlyList<string> SpecialTokens { get; internal init; } = [];

    /// <summary>Whether one answer may hold several calls. Readers take several from any model.</summary>
    public bool AllowsSeveral { get; internal init; } = true;

    /// <summary>What stands once before the first call.</summary>
    public string Prefix { get; internal init; } = "";

    /// <summary>What stands between <see cref="Prefix"/> or <see cref="Separator"/> and a function's name.</summary>
    public required string CallPrefix { get; init; }

    /// <summary>What stands between a function's name and its arguments.</summary>
    public required string ArgumentsPrefix { get; init; }

    /// <summary>What stands after the arguments.</summary>
    public required string CallSuffix { get; init; }

    /// <summary>What stands between two calls.</summary>
    public string Separator { get; internal init; } = "";

    /// <summary>What stands once after the last call, the end-of-turn token not included.</summary>
    public string Suffix { get; internal init; } = "";

    /// <summary>Begins to read one answer.</summary>
    public ToolCallReader CreateReader() => new(this);
}
