namespace LongContext.Chat;

/// <summary>What a model writes before and after its thoughts, which stand at the beginning of an answer.</summary>
/// <param name="Opening">Before them, such as "&lt;think&gt;"; not empty.</param>
/// <param name="Closing">After them, such as "&lt;/think&gt;"; not empty.</param>
public sealed record ReasoningTags(string Opening, string Closing)
{
    /// <summary>&lt;think&gt; and &lt;/think&gt;, as Qwen3, SmolLM3, Granite 3.3 and the DeepSeek-R1 models have them.</summary>
    public static ReasoningTags Think { get; } = new("<think>", "</think>");

    /// <summary>Before the thoughts; not empty.</summary>
    public string Opening { get; } = NotEmpty(Opening, nameof(Opening));

    /// <summary>After the thoughts; not empty.</summary>
    public string Closing { get; } = NotEmpty(Closing, nameof(Closing));

    private static string NotEmpty(string value, string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(value, name);
        return value;
    }
}
