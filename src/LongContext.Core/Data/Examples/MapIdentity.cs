using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace LongContext.Data.Examples;

/// <summary>A map's name with a fingerprint of its settings, which may be long texts.</summary>
internal static class MapIdentity
{
    /// <param name="name">The map's name.</param>
    /// <param name="settings">Its settings in a fixed order; null and an empty one differ.</param>
    public static string Of(string name, IEnumerable<string?> settings)
    {
        XxHash128 hash = new();
        foreach (string? setting in settings)
        {
            // Behind their lengths, so that no two lists of settings run together to the same text.
            hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<int>([setting?.Length ?? -1])));
            hash.Append(MemoryMarshal.AsBytes(setting.AsSpan()));
        }

        return $"{name}:{Convert.ToHexStringLower(hash.GetCurrentHash())}";
    }
}
