namespace LongContext.Adapters;

/// <summary>Which modules options name, with PEFT's rules.</summary>
internal sealed class LoraTargets
{
    private readonly LoraOptions options;
    private readonly NamePattern? target;
    private readonly NamePattern? exclude;
    private readonly NamePattern[] layers;
    private readonly (NamePattern Pattern, int Rank)[] ranks;
    private readonly (NamePattern Pattern, double Alpha)[] alphas;

    /// <param name="options">Options without faults.</param>
    public LoraTargets(LoraOptions options)
    {
        this.options = options;
        target = options.TargetPattern is { } pattern ? NamePattern.Whole(pattern) : null;
        exclude = options.ExcludePattern is { } excluded ? NamePattern.Whole(excluded) : null;
        layers = options.LayersPattern.Count == 0 ? [NamePattern.Layer(null)] : [.. options.LayersPattern.Select(NamePattern.Layer)];
        ranks = [.. options.RankPattern.Select(pair => (NamePattern.End(pair.Key), pair.Value))];
        alphas = [.. options.AlphaPattern.Select(pair => (NamePattern.End(pair.Key), pair.Value))];
    }

    /// <summary>Whether every map but the head is meant.</summary>
    public bool AllLinear => target is null && options.TargetModules is [LoraOptions.AllLinear];

    /// <summary>Whether a module gets an adapter.</summary>
    /// <param name="module">Its whole name.</param>
    /// <param name="isInnerLinear">Whether it is a linear map and not the head.</param>
    public bool Includes(string module, bool isInnerLinear)
    {
        if (exclude is not null ? exclude.Matches(module) : Names(options.ExcludeModules, module)) return false;
        if (options.ModulesToSave.Any(saved => IsBelow(module, saved))) return false;
        if (target is not null) return target.Matches(module);
        // PEFT looks at layers only where the end of a name is given: one that is given whole is meant, wherever it lies.
        if (!AllLinear && options.TargetModules.Contains(module)) return true;
        return (AllLinear ? isInnerLinear : Names(options.TargetModules, module)) && IsInLayers(module);
    }

    /// <summary>Rank and α of a module.</summary>
    public (int Rank, double Alpha) Of(string module)
    {
        int rank = options.Rank;
        double alpha = options.Alpha;
        if (Array.FindIndex(ranks, pair => pair.Pattern.Matches(module)) is var first and >= 0) rank = ranks[first].Rank;
        if (Array.FindIndex(alphas, pair => pair.Pattern.Matches(module)) is var match and >= 0) alpha = alphas[match].Alpha;
        return (rank, alpha);
    }

    /// <summary>Whether a weight belongs to a module that is saved whole: one whose name ends, at a dot or not, as the options say.</summary>
    public bool IsSaved(string parameter) => options.ModulesToSave.Any(saved => IsOf(parameter, saved));

    /// <summary>Whether a weight belongs to a module whose name ends as is said.</summary>
    public static bool IsOf(string parameter, string saved)
    {
        for (int end = parameter.LastIndexOf('.'); end > 0; end = parameter.LastIndexOf('.', end - 1))
        {
            if (parameter.AsSpan(0, end).EndsWith(saved, StringComparison.Ordinal)) return true;
        }

        return false;
    }

    /// <summary>Whether a list names a module, whole or from a dot on.</summary>
    public static bool Names(IReadOnlyList<string> list, string module) =>
        list.Any(name => module == name || module.EndsWith("." + name, StringComparison.Ordinal));

    private static bool IsBelow(string module, string saved) => ("." + module + ".").Contains("." + saved + ".", StringComparison.Ordinal);

    private bool IsInLayers(string module)
    {
        if (options.LayersToTransform.Count == 0) return true;
        int? layer = layers.Select(pattern => pattern.LayerOf(module)).FirstOrDefault(found => found is not null);
        return layer is { } index && options.LayersToTransform.Contains(index);
    }
}
