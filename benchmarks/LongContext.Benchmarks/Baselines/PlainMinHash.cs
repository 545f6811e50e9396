using System.Text;

namespace LongContext.Benchmarks.Baselines;

/// <summary>MinHash as it is told: words cut out as strings, each shingle hashed from the start, and a loop over the permutations for each.</summary>
internal static class PlainMinHash
{
    public static uint[] Sign(string text, int shingleWords, uint[] multipliers, uint[] offsets)
    {
        string[] words = [.. text.ToLowerInvariant().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Select(word => string.Concat(word.Where(char.IsLetterOrDigit))).Where(word => word.Length > 0)];
        uint[] minima = new uint[multipliers.Length];
        Array.Fill(minima, uint.MaxValue);
        for (int start = 0; start + shingleWords <= words.Length; start++)
        {
            uint hash = (uint)System.IO.Hashing.XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(string.Join(' ', words, start, shingleWords)));
            for (int i = 0; i < minima.Length; i++) minima[i] = Math.Min(minima[i], unchecked((hash * multipliers[i]) + offsets[i]));
        }

        return minima;
    }
}
