namespace LongContext.Data.Making;

/// <summary>Lengths in tokens between which one is drawn.</summary>
internal static class TokenRange
{
    public static void AddFaults(int minimum, int maximum, List<string> faults)
    {
        if (minimum < 1) faults.Add($"MinimumTokens is {minimum}, expected at least 1");
        if (maximum < minimum) faults.Add($"MaximumTokens is {maximum}, expected at least MinimumTokens, {minimum}");
    }

    public static int Draw(int minimum, int maximum, ref SplitMix64 random) => minimum + (int)(random.NextDouble() * ((long)maximum - minimum + 1));
}
