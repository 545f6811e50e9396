namespace LongContext.Adapters;

/// <summary>Everything that is wrong with options.</summary>
internal static class LoraOptionsFaults
{
    /// <summary>A model has some thousand modules at most. Each name is held against each of them, and options may come from a file.</summary>
    private const int MostNames = 10_000;

    /// <summary>One sentence for each fault; none when the options can be used.</summary>
    public static List<string> Of(LoraOptions options)
    {
        var faults = new List<string>();
        if (options.Rank is < 1 or > LoraOptions.MaximumRank) faults.Add($"Rank must be from 1 to {LoraOptions.MaximumRank}, but is {options.Rank}.");
        if (!double.IsFinite(options.Alpha)) faults.Add($"Alpha must be finite, but is {options.Alpha}.");
        if (!(options.Dropout >= 0 && options.Dropout < 1)) faults.Add($"Dropout must be at least 0 and below 1, but is {options.Dropout}.");
        if (options.OutputBias && options.WeightDecomposed) faults.Add("OutputBias cannot be combined with WeightDecomposed.");
        if (options.OutputBias && options.Initialization == LoraInitialization.Gaussian) faults.Add("OutputBias cannot be combined with the initialization Gaussian.");
        if (TooMany(options) is { } many)
        {
            faults.Add(many);
            return faults;
        }

        if (!Enum.IsDefined(options.Bias)) faults.Add($"Bias is {options.Bias}, which is none of its values.");
        if (!Enum.IsDefined(options.Initialization)) faults.Add($"Initialization is {options.Initialization}, which is none of its values.");
        CheckTargets(options, faults);
        CheckPatterns(options, faults);
        return faults;
    }

    private static string? TooMany(LoraOptions options)
    {
        (int? Count, string What)[] lists =
        [
            (options.TargetModules?.Count, nameof(options.TargetModules)), (options.ExcludeModules?.Count, nameof(options.ExcludeModules)), (options.LayersToTransform?.Count, nameof(options.LayersToTransform)),
            (options.LayersPattern?.Count, nameof(options.LayersPattern)), (options.ModulesToSave?.Count, nameof(options.ModulesToSave)),
            (options.RankPattern?.Count, nameof(options.RankPattern)), (options.AlphaPattern?.Count, nameof(options.AlphaPattern)),
        ];
        return lists.FirstOrDefault(list => list.Count > MostNames) is { What: { } what, Count: { } count } ? $"{what} has {count} entries, at most {MostNames} are read." : null;
    }

    private static void CheckTargets(LoraOptions options, List<string> faults)
    {
        (IReadOnlyList<string>? Names, string What)[] lists =
        [
            (options.TargetModules, nameof(options.TargetModules)), (options.ExcludeModules, nameof(options.ExcludeModules)),
            (options.LayersPattern, nameof(options.LayersPattern)), (options.ModulesToSave, nameof(options.ModulesToSave)),
        ];
        foreach ((IReadOnlyList<string>? names, string what) in lists)
        {
            if (names is null) faults.Add($"{what} is null; leave it empty instead.");
            else if (names.Any(string.IsNullOrEmpty)) faults.Add($"{what} holds an empty name.");
        }

        if (options.TargetModules is { Count: > 1 } targets && targets.Contains(LoraOptions.AllLinear))
            faults.Add($"TargetModules holds '{LoraOptions.AllLinear}' beside other names; it must stand alone.");
        if (options.TargetModules is { Count: 0 } && options.TargetPattern is null) faults.Add("TargetModules is empty and TargetPattern null: there is nothing to adapt.");
        if (options.LayersToTransform is null) faults.Add("LayersToTransform is null; leave it empty instead.");
        else if (options.LayersToTransform.Any(layer => layer < 0)) faults.Add($"LayersToTransform holds {options.LayersToTransform.First(layer => layer < 0)}; layers count from 0.");
        if (options.TargetPattern is not null && options.LayersToTransform is { Count: > 0 }) faults.Add("LayersToTransform cannot be combined with TargetPattern.");
        if (options.LayersPattern is { Count: > 0 } && options.LayersToTransform is not { Count: > 0 }) faults.Add("LayersPattern needs LayersToTransform.");
    }

    private static void CheckPatterns(LoraOptions options, List<string> faults)
    {
        foreach ((string pattern, int rank) in options.RankPattern ?? new Dictionary<string, int>())
        {
            if (rank is < 1 or > LoraOptions.MaximumRank) faults.Add($"RankPattern gives '{pattern}' the rank {rank}, expected 1 to {LoraOptions.MaximumRank}.");
        }

        foreach ((string pattern, double alpha) in options.AlphaPattern ?? new Dictionary<string, double>())
        {
            if (!double.IsFinite(alpha)) faults.Add($"AlphaPattern gives '{pattern}' the alpha {alpha}, expected a finite number.");
        }

        if (options.RankPattern is null) faults.Add("RankPattern is null; leave it empty instead.");
        if (options.AlphaPattern is null) faults.Add("AlphaPattern is null; leave it empty instead.");
        IEnumerable<(string? Pattern, string What)> patterns =
        [
            (options.TargetPattern, nameof(options.TargetPattern)), (options.ExcludePattern, nameof(options.ExcludePattern)),
            .. (options.LayersPattern ?? []).Select(pattern => ((string?)pattern, nameof(options.LayersPattern))),
            .. (options.RankPattern?.Keys ?? []).Select(pattern => ((string?)pattern, nameof(options.RankPattern))),
            .. (options.AlphaPattern?.Keys ?? []).Select(pattern => ((string?)pattern, nameof(options.AlphaPattern))),
        ];
        foreach ((string? pattern, string what) in patterns)
        {
            if (pattern is not null && NamePattern.WhyNot(pattern) is { } reason) faults.Add($"{what}: {reason}");
        }
    }
}
