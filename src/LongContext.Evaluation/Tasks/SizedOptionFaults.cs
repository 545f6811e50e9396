namespace LongContext.Evaluation.Tasks;

/// <summary>What is wrong with options that tasks of many lengths share.</summary>
internal static class SizedOptionFaults
{
    public static void AddLengths(IReadOnlyList<int>? lengths, string name, List<string> faults, bool mayBeEmpty = false)
    {
        if (lengths is null || (lengths.Count == 0 && !mayBeEmpty)) faults.Add($"{name} is empty, expected at least one");
        foreach (int bad in (lengths ?? []).Where(length => length < 1).Take(1)) faults.Add($"{name} holds {bad}, expected at least 1");
        if (lengths is not null && lengths.Distinct().Count() != lengths.Count) faults.Add($"{name} holds a value twice");
    }

    public static void AddDepths(IReadOnlyList<double>? depths, string name, List<string> faults)
    {
        if (depths is null || depths.Count == 0) faults.Add($"{name} is empty, expected at least one");
        foreach (double bad in (depths ?? []).Where(depth => !(depth is >= 0 and <= 1)).Take(1)) faults.Add(FormattableString.Invariant($"{name} holds {bad}, expected 0 to 1"));
        if (depths is not null && depths.Distinct().Count() != depths.Count) faults.Add($"{name} holds a value twice");
    }

    public static void AddAtLeast(int value, int least, string name, List<string> faults)
    {
        if (value < least) faults.Add($"{name} is {value}, expected at least {least}");
    }
}
