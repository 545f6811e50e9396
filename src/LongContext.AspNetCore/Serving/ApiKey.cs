using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace LongContext.AspNetCore.Serving;

/// <summary>A key that may ask, known by its hash.</summary>
/// <param name="Holder">Who holds it.</param>
/// <param name="Hash">SHA-256 of the key in UTF-8.</param>
internal sealed record ApiKey(string Holder, byte[] Hash)
{
    private const string Hashed = "sha256:";
    private const int ShortestKey = 16;
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    public static ApiKey Of(string holder, string key) =>
        new(holder, key.StartsWith(Hashed, StringComparison.Ordinal) ? Convert.FromHexString(key.AsSpan(Hashed.Length)) : SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    /// <summary>What is wrong with a key as it is given; null for nothing.</summary>
    public static string? Fault(string? key)
    {
        if (string.IsNullOrEmpty(key)) return "is empty";
        if (key.StartsWith(Hashed, StringComparison.Ordinal))
            return key.Length == Hashed.Length + (2 * SHA256.HashSizeInBytes) && !key.AsSpan(Hashed.Length).ContainsAnyExcept(HexDigits) ? null : "has a hash that is not 64 hexadecimal digits";
        if (key.AsSpan().ContainsAnyExceptInRange('!', '~')) return "has characters that no header can carry";
        return key.Length >= ShortestKey ? null : $"has {key.Length} characters, expected at least {ShortestKey}";
    }
}
