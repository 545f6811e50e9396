namespace LongContext.Generation;

/// <summary>
/// Which keys and values of a text are dropped while it is computed, so that memory stays bounded. A closed set of immutable records: <see cref="AttentionSinks"/>, which keeps the first and the latest tokens,
/// and <see cref="PromptSelection"/>, which keeps what a prompt's end looks at. Layers with a window of their own are left alone.
/// </summary>
public abstract record TokenDropping
{
    private protected TokenDropping()
    {
    }

    /// <summary>Tokens up to which nothing is dropped.</summary>
    internal abstract int Budget { get; }

    internal abstract IEnumerable<string> Faults();

    /// <exception cref="ArgumentException">A property cannot be used; the message lists all faults.</exception>
    internal void Validate()
    {
        List<string> faults = [.. Faults()];
        if (faults.Count > 0) throw new ArgumentException($"{GetType().Name}: " + string.Join("; ", faults) + ".");
    }
}
