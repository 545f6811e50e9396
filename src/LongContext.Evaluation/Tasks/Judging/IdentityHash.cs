using System.Security.Cryptography;
using System.Text;

namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>A short text for many that decide a task's items and scores.</summary>
internal static class IdentityHash
{
    /// <summary>The hash of texts, each told apart from the next one and null from an empty one.</summary>
    public static string Of(params IEnumerable<string?> texts)
    {
        StringBuilder all = new();
        foreach (string? text in texts) all.Append(text?.Length ?? -1).Append(':').Append(text);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all.ToString())))[..32];
    }
}
