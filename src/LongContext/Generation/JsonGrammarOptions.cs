namespace LongContext.Generation;

/// <summary>How a <see cref="JsonGrammar"/> reads its schema.</summary>
public sealed class JsonGrammarOptions
{
    /// <summary>Blanks between the parts of the text. Default: limited ones.</summary>
    public JsonWhitespace Whitespace { get; init; }

    /// <summary>
    /// Whether an object with declared properties may have others where its schema does not say ("additionalProperties"). Default false, unlike JSON schema itself: a model is
    /// asked for what is declared.
    /// </summary>
    public bool AllowsUndeclaredProperties { get; init; }

    /// <summary>Arrays and objects within one another, at most; 1 to 1,000. Default 62, which readers with a limit of 64 take.</summary>
    public int MaximumDepth { get; init; } = 62;

    /// <exception cref="ArgumentException">One or more values cannot be used; the message lists all.</exception>
    internal void Validate()
    {
        var faults = new List<string>();
        if (!Enum.IsDefined(Whitespace)) faults.Add($"Whitespace is {Whitespace}");
        if (MaximumDepth is < 1 or > 1000) faults.Add($"MaximumDepth must be 1 to 1,000, but is {MaximumDepth}");
        if (faults.Count > 0) throw new ArgumentException("JsonGrammarOptions: " + string.Join("; ", faults) + ".");
    }
}
