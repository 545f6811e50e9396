namespace LongContext.Chat;

/// <summary>How a format's calls stand in an answer's text.</summary>
/// <remarks>
/// <para>All that a model writes to make calls is</para>
/// <code>Prefix call (Separator call)* Suffix, where a call is CallPrefix name ArgumentsPrefix arguments CallSuffix</code>
/// <para><c>name</c> is the function's name as it is and <c>arguments</c> a JSON object; all else is literal text, the quotes of a JSON
/// format's keys included. A grammar that lets a model make calls, and only right ones, is built from these texts and the schemas of
/// the arguments. <see cref="CreateReader"/> takes more than that: white space, keys in any order, and what models are seen to do.</para>
/// </remarks>
public sealed partial class ToolCallSyntax
{
    private ToolCallSyntax()
    {
    }

    /// <summary>The text at which calls begin in an answer; null where a call is a JSON object and nothing announces it (Llama 3).</summary>
    public string? Opening { get; private init; }

    /// <summary><see cref="Opening"/> where it is one token that is special to the model's tokenizer, so that decoding may drop it; else null.</summary>
    public string? OpeningToken => Opening is not null && SpecialTokens.Contains(Opening) ? Opening : null;

    /// <summary>Special tokens that belong to calls. Decoding must keep them, or the reader finds no call; empty where there are none.</summary>
    public IReadOnlyList<string> SpecialTokens { get; private init; } = [];

    /// <summary>Whether the model makes several calls in one answer. The reader takes several from any.</summary>
    public bool AllowsSeveral { get; private init; } = true;

    /// <summary>What stands once before the first call.</summary>
    public string Prefix { get; private init; } = "";

    /// <summary>What stands before a function's name.</summary>
    public string CallPrefix { get; private init; } = "";

    /// <summary>What stands between a function's name and its arguments.</summary>
    public string ArgumentsPrefix { get; private init; } = "";

    /// <summary>What stands after the arguments.</summary>
    public string CallSuffix { get; private init; } = "";

    /// <summary>What stands between two calls.</summary>
    public string Separator { get; private init; } = "";

    /// <summary>What stands once after the last call, the end-of-turn token not included.</summary>
    public string Suffix { get; private init; } = "";

    /// <summary>The texts that open calls, <see cref="Opening"/> among them.</summary>
    internal IReadOnlyList<string> Openings { get; private init; } = [];

    /// <summary>What may close what an opening opened; null for nothing.</summary>
    internal string? Closing { get; private init; }

    /// <summary>Whether an object that begins an answer can be a call without an opening.</summary>
    internal bool IsBare => Opening is null;

    /// <summary>What such an object begins with: its first strings, keys and values in turn. One that begins otherwise is an answer in JSON.</summary>
    internal IReadOnlyList<IReadOnlyList<string>> BareBeginnings { get; private init; } = [];

    /// <summary>What the ids that a reader makes begin with.</summary>
    internal string IdPrefix { get; private init; } = "call_";

    /// <summary>Letters and digits that an id must be; null where it may be anything.</summary>
    internal int? IdLength { get; private init; }

    /// <summary>Whether an id that a model writes can stay as it is.</summary>
    internal bool TakesId(string id) => IdLength is { } length ? id.Length == length && id.All(char.IsAsciiLetterOrDigit) : id.Length is > 0 and <= ToolJson.MaximumNameLength;

    /// <summary>Writes calls as the model does.</summary>
    /// <param name="calls">At least one call, none null; their ids are not written.</param>
    /// <exception cref="ArgumentNullException"><paramref name="calls"/> or one of them is null.</exception>
    /// <exception cref="ArgumentException">There is no call, or there are several and the model makes one.</exception>
    public string Write(IReadOnlyList<ChatToolCall> calls)
    {
        ArgumentNullException.ThrowIfNull(calls);
        foreach (ChatToolCall call in calls) ArgumentNullException.ThrowIfNull(call, nameof(calls));
        if (calls.Count == 0) throw new ArgumentException("There are no calls, expected at least one.", nameof(calls));
        if (calls.Count > 1 && !AllowsSeveral) throw new ArgumentException($"There are {calls.Count} calls; this model makes one at a time.", nameof(calls));
        return Prefix + string.Join(Separator, calls.Select(Write)) + Suffix;
    }

    /// <summary>Begins to read one answer.</summary>
    public ToolCallReader CreateReader() => new(this);

    private string Write(ChatToolCall call) => CallPrefix + call.Name + ArgumentsPrefix + PythonJson.Write(call.Arguments) + CallSuffix;
}
