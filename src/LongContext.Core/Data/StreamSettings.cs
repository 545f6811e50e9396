namespace LongContext.Data;

/// <summary>The settings that decide what a stream gives, kept with its state so that it goes on under the same ones only.</summary>
internal static class StreamSettings
{
    private const string Name = "settings";

    public static StreamState SetSettings(this StreamState state, IEnumerable<(string Name, string Value)> settings)
    {
        StreamState kept = new(Name);
        foreach ((string name, string value) in settings) kept.Set(name, value);
        return state.Set(Name, kept);
    }

    /// <exception cref="ArgumentException">One or more settings are others; the message lists all.</exception>
    /// <param name="state">The state.</param>
    /// <param name="settings">The settings here.</param>
    /// <param name="optional">Names of those that a state of an earlier version does not hold.</param>
    public static void RequireSettings(this StreamState state, IEnumerable<(string Name, string Value)> settings, params ReadOnlySpan<string> optional)
    {
        StreamState kept = state.GetState(Name);
        List<string> others = [];
        foreach ((string name, string value) in settings)
        {
            // What an earlier version did not keep cannot be compared.
            if (optional.Contains(name) && !kept.Has(name)) continue;
            if (kept.GetText(name) is var was && was != value) others.Add($"{name} was {was}, here it is {value}");
        }

        if (others.Count > 0)
            throw new ArgumentException($"The state is of another stream of the kind '{state.Kind}' ({string.Join("; ", others)}): it would go on with other data.");
    }
}
